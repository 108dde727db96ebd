"""A dialect at its surface: what the head of an answer says, and what it may not."""

from typing import Any

import pytest

from llm_plugin_openai.dialect import OpenAIChat
from lockgate.surfaces.front_door import DialectPlace
from lockgate.surfaces.head import Head
from lockgate.surfaces.labels import LabelHeader
from lockgate.surfaces.lines import fields_of, with_theirs
from lockgate_ports.context import Target
from lockgate_ports.steps import Served

BODY = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}'


class Stream:
    """Its provider says a header field that would be two."""

    served = Served("r", Target("p", "m"), 1)
    dropped: tuple[str, ...] = ()
    request_id = None
    headers = (("x-a", "b\r\nset-cookie: c"),)
    closed = False

    async def aclose(self) -> None:
        self.closed = True


class Answering:
    """An engine that has one answer for all."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def answer(self, _: object, **__: object) -> Any:
        return self._answer


async def test_a_stream_whose_head_cannot_be_told_is_closed():
    stream = Stream()
    engine: Any = Answering(stream)
    place = DialectPlace(OpenAIChat(), engine, 1000, LabelHeader(None))
    head, values = Head("POST", "/v1/chat/completions", {}), dict[str, str]()
    with pytest.raises(ValueError, match="line break"):
        await place.serve(head, values, lambda: BODY, "req_1")
    assert stream.closed


def test_of_a_field_that_both_say_the_gateways_counts():
    own = "x-request-id: r\r\nx-lockgate-route: retry-after\r\nrequest-id: r\r\n"
    theirs = (("x-request-id", "p"), ("request-id", "p"), ("retry-after", "3"), ("id", "p"), ("x-request", "p"))
    told = with_theirs(own, theirs)
    assert told == own + "retry-after: 3\r\nid: p\r\nx-request: p\r\n"
    assert fields_of(told)[-3:] == [*theirs[2:]]
