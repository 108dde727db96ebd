"""What MiniMax alone does: errors in `base_resp` with status 200, thoughts in `reasoning_details`."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from llm_plugin_minimax.kinds import MINIMAX
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse, Reasoning, ResponseFormat
from lockgate_ports.errors import ErrorKind, SettingsError, Unsupported, UpstreamError
from lockgate_ports.events import Failure, Relayed, TextDelta
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http_model import HttpModel
from lockgate_ports.model import Attempt
from lockgate_ports.parts import Text, Thinking, assistant, user
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_SSE = (("content-type", "text/event-stream"),)
_FINE = b'"base_resp":{"status_code":0,"status_msg":""}'
_ANSWER = b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],' + _FINE + b"}"


def _provider(exchange: Exchange, **settings: Any) -> tuple[HttpModel, ScriptedHttp]:
    http = ScriptedHttp()
    http.script.append(exchange)
    model = MINIMAX.build(msgspec.convert(settings, MINIMAX.settings), BuildContext("minimax", http))
    assert isinstance(model, HttpModel)
    return model, http


def _ask(**fields: Any) -> Request[ChatRequest]:
    given: dict[str, Any] = {"messages": (user("Hi"),), **fields}
    view = ChatRequest(model="m", **given)
    return Request(operation="chat", model="m", stream=False, view=view)


async def _streamed(model: HttpModel, request: Request[ChatRequest]) -> ChatResponse:
    fold = Accumulator()
    async for events in await model.stream(request, Attempt("MiniMax-M3")):
        for event in events:
            fold.add(event)
    return fold.response


async def _sent(request: Request[ChatRequest], **settings: Any) -> dict[str, Any]:
    model, http = _provider(Exchange(chunks=(_ANSWER,)), **settings)
    await model.chat(request, Attempt("MiniMax-M3"))
    sent: dict[str, Any] = json.loads(http.requests[0].body)
    return sent


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1001, "request timeout", "timeout"),
        (1002, "rate limit", "rate_limit"),
        (1004, "not authorized", "auth"),
        (1008, "insufficient balance", "quota"),
        (1027, "output new_sensitive", "content_filter"),
        (2013, "invalid params", "invalid_request"),
        (2013, "invalid params, context window exceeds limit", "context_length"),
        (2056, "usage limit exceeded", "quota"),
        (9999, "something new", "transient"),
    ],
)
@pytest.mark.parametrize("shape", ["plain", "relayed", "stream", "whole in place of a stream"])
async def test_an_error_in_base_resp_is_an_error(code: int, message: str, kind: ErrorKind, shape: str) -> None:
    body = b'{"choices":null,"base_resp":{"status_code":%d,"status_msg":"%s"}}' % (code, message.encode())
    data = b"data: " + body + b"\n\n" if shape == "stream" else body
    model, _ = _provider(Exchange(headers=_SSE, chunks=(data,)) if shape == "stream" else Exchange(chunks=(data,)))
    request = _ask()
    if shape == "relayed":
        raw = b'{"model":"m","messages":[]}'
        request = Request[ChatRequest](operation="chat", model="m", stream=False, dialect="openai-chat", body=raw)
    plain = shape in ("plain", "relayed")
    call = model.chat(request, Attempt("MiniMax-M3")) if plain else _streamed(model, request)
    with pytest.raises(UpstreamError) as caught:
        await call
    assert (caught.value.kind, caught.value.upstream_code) == (kind, str(code))
    assert message in caught.value.message


async def test_a_stream_that_fails_on_its_way_ends_there() -> None:
    good = b'data: {"choices":[{"delta":{"content":"Hi"}}],' + _FINE + b"}\n\n"
    bad = b'data: {"choices":null,"base_resp":{"status_code":1027,"status_msg":"sensitive"}}\n\n'
    for relay in (False, True):
        model, _ = _provider(Exchange(headers=_SSE, chunks=(good + bad + good,)))
        raw = b'{"model":"m","messages":[],"stream":true}'
        request = (
            Request[ChatRequest](operation="chat", model="m", stream=True, dialect="openai-chat", body=raw)
            if relay
            else _ask()
        )
        stream = await model.stream(request, Attempt("MiniMax-M3"))
        events = [event async for batch in stream for event in batch]
        assert any(isinstance(event, Relayed if relay else TextDelta) for event in events)
        last = events[-1]
        assert isinstance(last, Failure)
        assert isinstance(last.error, UpstreamError)
        assert last.error.kind == "content_filter"


async def test_thoughts_are_asked_for_apart_and_go_back_as_they_came() -> None:
    asked = _ask(messages=(user("Hi"), assistant(Thinking("Hm."), Text("Yes?")), user("Well")))
    sent = await _sent(asked)
    assert sent["reasoning_split"] is True
    assert sent["messages"][1]["reasoning_details"] == [{"type": "reasoning.text", "text": "Hm."}]
    assert (await _sent(asked, reasoning_split=False))["reasoning_split"] is False


async def test_reasoning_split_is_the_callers_to_choose() -> None:
    raw = b'{"model":"m","reasoning_split":false,"messages":[{"role":"user","content":"Hi"}]}'
    sent = await _sent(Request(operation="chat", model="m", stream=False, dialect="openai-chat", body=raw))
    assert sent["reasoning_split"] is False


async def test_reasoning_turned_off_is_said_in_its_words() -> None:
    assert (await _sent(_ask(reasoning=Reasoning(enabled=False))))["thinking"] == {"type": "disabled"}
    sent = await _sent(_ask(reasoning=Reasoning("high")))
    assert sent["thinking"] == {"type": "adaptive"}
    assert "reasoning_effort" not in sent


async def test_structured_output_is_refused_by_name() -> None:
    with pytest.raises(Unsupported) as caught:
        await _sent(_ask(response_format=ResponseFormat("json_object")))
    assert caught.value.param == "response_format"
    sent = await _sent(_ask(response_format=ResponseFormat("json_object")), params="pass")
    assert sent["response_format"] == {"type": "json_object"}


async def test_thoughts_within_the_text_are_told_apart_where_they_are_not_split() -> None:
    body = b'{"choices":[{"message":{"content":"<think>\\nHm.</think>\\n\\nYes."},"finish_reason":"stop"}]}'
    model, _ = _provider(Exchange(chunks=(body,)), reasoning_split=False)
    view: ChatResponse = (await model.chat(_ask(), Attempt("MiniMax-M3"))).view
    assert (view.choices[0].thinking, view.text) == ("\nHm.", "Yes.")


def test_fields_that_are_set_elsewhere_are_refused() -> None:
    for name in ("model", "reasoning_split"):
        settings = msgspec.convert({"extra_body": {name: "x"}}, MINIMAX.settings)
        with pytest.raises(SettingsError, match=f"extra_body.{name}"):
            MINIMAX.build(settings, BuildContext("minimax", ScriptedHttp()))


def test_the_rows_of_the_readme_build_providers() -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.S)
    for row in yaml.safe_load(blocks[0])["providers"].values():
        own = {key: value for key, value in row.items() if key not in ("kind", "credential_ref")}
        assert MINIMAX.build(msgspec.convert(own, MINIMAX.settings), BuildContext("p", ScriptedHttp())).models
