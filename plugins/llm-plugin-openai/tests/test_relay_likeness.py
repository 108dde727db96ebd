"""Events that are not read because they are like one that was: what comes out must be what reading each would give."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_plugin_openai import relay_reader
from llm_plugin_openai.relay_likeness import Likeness
from llm_plugin_openai.relay_reader import RelayReader
from lockgate_ports.events import Event, Failure, Relayed


def chunk(
    words: str, member: str = "content", finish: str | None = None, ascii_only: bool = False, **more: Any
) -> bytes:
    delta: dict[str, Any] = {member: words}
    if member == "arguments":
        delta = {"tool_calls": [{"index": 0, "function": {"arguments": words}}]}
    body = {"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(body, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass") + b"\n\n"


USAGE = {"prompt_tokens": 1, "completion_tokens": 2}
WORDS = st.text(max_size=6) | st.sampled_from(
    ['","finish_reason":"stop', '\\","usage":{"x', "\U0001f680", "\ud800", "é"]
)
PLAIN = st.builds(
    chunk,
    WORDS,
    st.sampled_from(["content", "reasoning_content", "arguments"]),
    ascii_only=st.booleans(),
    obfuscation=st.sampled_from(["a", "bc", ""]),
)
ODD = st.sampled_from(
    [
        chunk("x", finish="stop"),
        chunk("x", usage=USAGE),
        chunk("x", id="other"),
        chunk("x", error={"message": "no"}),
        b": ping\n\n",
        b'data: {"choices":[{"delta":{"content":"x',
        b"data: {broken\n\n",
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"a\tb"},"finish_reason":null}]}\n\n',
        b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"\xff"},"finish_reason":null}]}\n\n',
        chunk("x").replace(b"\n", b"\r\n"),
        b"data: [DONE]\n\n",
    ]
)
STREAMS = st.lists(PLAIN | PLAIN | PLAIN | ODD, max_size=25).map(b"".join)


def told(data: bytes, cuts: list[int]) -> list[Event]:
    reader = RelayReader()
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    events = [event for start, end in pairwise(places) for event in reader.feed(data[start:end])]
    return [*events, *reader.end()]


def gist(events: list[Event]) -> tuple[Any, ...]:
    relayed = [event for event in events if isinstance(event, Relayed)]
    return (
        b"".join(event.raw for event in relayed),
        [event.finishes for event in relayed if event.finishes],
        [event.usage for event in relayed if event.usage],
        any(event.content for event in relayed),
        [str(event.error) for event in events if isinstance(event, Failure)],
    )


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=6))
def test_a_stream_is_told_as_if_each_of_its_events_were_read(data: bytes, cuts: list[int]):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Likeness, "run", lambda _, __, at: at)
        each = told(data, cuts)
    assert gist(told(data, cuts)) == gist(each)


def test_events_that_are_alike_are_one_and_only_the_first_is_read(monkeypatch: pytest.MonkeyPatch):
    read: list[bytes] = []
    decode = relay_reader._CHUNK.decode

    class Counting:
        def decode(self, data: bytes) -> Any:
            read.append(data)
            return decode(data)

    monkeypatch.setattr(relay_reader, "_CHUNK", Counting())
    data = b"".join(chunk(str(number), obfuscation="ab") for number in range(100))
    events = told(data, [333, 4444])
    assert gist(events)[0] == data
    assert len(read) <= 2
    assert len(events) <= 6


def test_a_long_event_in_many_pieces_is_not_copied_with_each_of_them():
    data = chunk("a") + chunk("x" * 3_000_000)
    reader = RelayReader()
    raw = b"".join(
        event.raw
        for at in range(0, len(data), 1000)
        for event in reader.feed(data[at : at + 1000])
        if isinstance(event, Relayed)
    )
    assert raw == data
