"""Structured output by a tool, for servers that have no word for it: asked, read back, and told to every client."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from llm_plugin_openai.kinds import OPENAI_COMPATIBLE
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.chat import ChatRequest, FunctionTool, ResponseFormat, ToolChoice
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import user
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Request

_SCHEMA = b'{"type":"object","properties":{"n":{"type":"integer"}}}'
_FORM = ResponseFormat("json_schema", Raw(_SCHEMA), "number", "A number.")
_CLOCK = FunctionTool("clock")
_BY_NAME = {"type": "function", "function": {"name": ANSWER_TOOL}}
_SSE = (("content-type", "text/event-stream"),)


def _server(http: ScriptedHttp) -> ModelPort:
    settings = {"base_url": "http://old.test/v1", "structured_output": "tool"}
    return OPENAI_COMPATIBLE.build(msgspec.convert(settings, OPENAI_COMPATIBLE.settings), BuildContext("old", http))


def _request(*, stream: bool = False, **fields: Any) -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hi"),), **({"response_format": _FORM} | fields))
    return Request(operation="chat", model="m", stream=stream, view=view)


def _own(*, stream: bool = False) -> Request[ChatRequest]:
    """From a client of the server's own dialect."""
    form = {"type": "json_schema", "json_schema": {"name": "number", "schema": json.loads(_SCHEMA)}}
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "response_format": form, "stream": stream}
    sent = json.dumps(body).encode()
    return Request(
        operation="chat", model="m", stream=stream, dialect="openai-chat", body=sent, read=lambda: _request().view
    )


def _call(name: str, arguments: str, index: int = 0, **members: Any) -> dict[str, Any]:
    return {"index": index, "id": f"c{index}", "function": {"name": name, "arguments": arguments}, **members}


def _answer(*calls: dict[str, Any], reason: str = "tool_calls") -> Exchange:
    choice = {"message": {"role": "assistant", "content": None, "tool_calls": list(calls)}, "finish_reason": reason}
    return Exchange(chunks=(json.dumps({"choices": [choice]}).encode(),))


async def _asked(**fields: Any) -> dict[str, Any]:
    http = ScriptedHttp(_answer(_call(ANSWER_TOOL, "{}")))
    await _server(http).chat(_request(**fields), Attempt("real"))
    return dict(json.loads(http.requests[0].body))


async def test_the_schema_becomes_a_tool_that_must_be_called() -> None:
    body = await _asked()
    (tool,) = body["tools"]
    assert (tool["function"]["name"], tool["function"]["parameters"]) == (ANSWER_TOOL, json.loads(_SCHEMA))
    assert tool["function"]["description"].endswith("A number.")
    assert body["tool_choice"] == _BY_NAME
    assert "response_format" not in body
    assert (await _asked(response_format=ResponseFormat("json_object")))["tools"][0]["function"]["parameters"] == {
        "type": "object"
    }
    assert "tools" not in await _asked(response_format=ResponseFormat("text"))


@pytest.mark.parametrize(
    ("choice", "tools", "said"),
    [
        (None, ["clock", "other", ANSWER_TOOL], "required"),
        (ToolChoice("auto", allowed=("clock",)), ["clock", ANSWER_TOOL], "required"),
        (
            ToolChoice("named", "clock"),
            ["clock", "other", ANSWER_TOOL],
            {"type": "function", "function": {"name": "clock"}},
        ),
        (ToolChoice("none"), [ANSWER_TOOL], {"type": "function", "function": {"name": ANSWER_TOOL}}),
    ],
)
async def test_the_callers_own_tools_may_come_first(choice: ToolChoice | None, tools: list[str], said: Any) -> None:
    body = await _asked(tools=(_CLOCK, FunctionTool("other")), tool_choice=choice)
    assert [tool["function"]["name"] for tool in body["tools"]] == tools
    assert body["tool_choice"] == said


@pytest.mark.parametrize("request_", [_request(), _own()])
@pytest.mark.parametrize("reason", ["tool_calls", "stop"])
async def test_the_call_is_read_back_as_content(request_: Request[ChatRequest], reason: str) -> None:
    reply = await _server(ScriptedHttp(_answer(_call(ANSWER_TOOL, '{"n":1}'), reason=reason))).chat(
        request_, Attempt("real")
    )
    (choice,) = reply.view.choices
    assert (choice.text, choice.tool_calls, choice.finish_reason) == ('{"n":1}', (), "stop")
    assert reply.glance.finish_reasons == ("stop",)
    assert reply.body is None


async def test_another_call_beside_it_stays_a_call() -> None:
    calls = (_call("clock", "{}"), _call(ANSWER_TOOL, '{"n":1}', 1))
    reply = await _server(ScriptedHttp(_answer(*calls))).chat(_request(tools=(_CLOCK,)), Attempt("real"))
    (choice,) = reply.view.choices
    assert [call.name for call in choice.tool_calls] == ["clock"]
    assert choice.finish_reason == "tool_calls"
    cut = await _server(ScriptedHttp(_answer(_call(ANSWER_TOOL, '{"n'), reason="length"))).chat(
        _request(), Attempt("r")
    )
    assert cut.view.choices[0].finish_reason == "length"


@pytest.mark.parametrize("request_", [_request(stream=True), _own(stream=True)])
async def test_a_stream_tells_the_call_as_text_while_it_comes(request_: Request[ChatRequest]) -> None:
    deltas: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [_call(ANSWER_TOOL, "")]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"n"'}}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    ]
    chunks = tuple(b"data: " + json.dumps(delta).encode() + b"\n\n" for delta in deltas)
    http = ScriptedHttp(Exchange(headers=_SSE, chunks=(*chunks, b"data: [DONE]\n\n")))
    stream = await _server(http).stream(request_, Attempt("real"))
    accumulator = Accumulator()
    async for batch in stream:
        for event in batch:
            accumulator.add(event)
    (choice,) = accumulator.response.choices
    assert (choice.text, choice.tool_calls, choice.finish_reason) == ('{"n":1}', (), "stop")
