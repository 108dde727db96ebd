"""Known answers of `openai-responses`, for the contract of every provider that speaks it."""

import json
from typing import Any

import msgspec

from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Refusal, Text, Thinking, ToolCall
from lockgate_ports.testkit import ALIAS, KEY, Asked, BrokenStream, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_HEAD = {"id": "resp_7", "object": "response", "created_at": 1760000000, "model": "sample-1"}
_SPENT = {
    "input_tokens": 21,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 9,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 30,
}
_USAGE = Usage(input_tokens=21, output_tokens=9, total_tokens=30, cache_read_tokens=4, reasoning_tokens=3)
_WORDS = "Grüße aus 東京 🗼"


def _response(*output: dict[str, Any], usage: Any = None, cut: bool = False) -> dict[str, Any]:
    status = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}} if cut else {}
    return {**_HEAD, "status": "completed", "error": None, **status, "output": list(output), "usage": usage}


def _event(kind: str, **fields: Any) -> bytes:
    told = json.dumps({"type": kind, **fields}, ensure_ascii=False)
    return f"event: {kind}\ndata: {told}\n\n".encode()


def _deltas(index: int, item: dict[str, Any]) -> list[bytes]:
    """The words of an item in two pieces each."""
    told: list[bytes] = []
    match item["type"]:
        case "message":
            for place, part in enumerate(item["content"]):
                kind, words = ("refusal", part["refusal"]) if "refusal" in part else ("output_text", part["text"])
                at = {"output_index": index, "content_index": place}
                empty = {
                    name: "" if isinstance(value, str) and name != "type" else value for name, value in part.items()
                }
                told.append(_event("response.content_part.added", **at, part=empty))
                told += [_event(f"response.{kind}.delta", **at, delta=piece) for piece in (words[:5], words[5:])]
        case "reasoning":
            for place, part in enumerate(item["summary"]):
                at = {"output_index": index, "summary_index": place, "delta": part["text"]}
                told.append(_event("response.reasoning_summary_text.delta", **at))
        case _:
            words = item["arguments"]
            told += [
                _event("response.function_call_arguments.delta", output_index=index, delta=piece)
                for piece in (words[:8], words[8:])
            ]
    return told


def _stream(response: dict[str, Any]) -> bytes:
    begun: dict[str, Any] = {
        **response,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "incomplete_details": None,
    }
    told = [_event("response.created", response=begun), _event("response.in_progress", response=begun)]
    for index, item in enumerate(response["output"]):
        empty: dict[str, Any] = {**item, "content": []}
        if "arguments" in item:
            empty["arguments"] = ""
        told.append(_event("response.output_item.added", output_index=index, item=empty))
        told += _deltas(index, item)
        told.append(_event("response.output_item.done", output_index=index, item=item))
    return b"".join(told) + _event(f"response.{response['status']}", response=response)


def _sample(response: dict[str, Any], *choices: Choice, usage: Usage | None = None) -> Sample:
    body = json.dumps(response, ensure_ascii=False).encode()
    return Sample(body=body, stream=_stream(response), choices=choices, usage=usage)


def _message(*content: dict[str, Any]) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": list(content)}


def _text(words: str) -> dict[str, Any]:
    return {"type": "output_text", "text": words, "annotations": []}


def _call(call_id: str, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city}, separators=(",", ":"))
    return {"id": f"fc_{call_id}", "type": "function_call", "call_id": call_id, "name": "weather"} | {
        "arguments": arguments
    }


_THOUGHT = {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Two and two."}]}
_ULM = ToolCall("c1", "weather", '{"city":"Ulm"}')
_BERN = ToolCall("c2", "weather", '{"city":"Bern"}')
_REFUSED_PART = {"type": "refusal", "refusal": "I will not."}


class _Part(msgspec.Struct):
    text: str


class _Item(msgspec.Struct):
    role: str
    content: str | list[_Part]


class _Tool(msgspec.Struct):
    name: str


class _Request(msgspec.Struct):
    model: str
    input: str | list[_Item]
    instructions: str | None = None
    tools: tuple[_Tool, ...] = ()
    max_output_tokens: int | None = None
    stream: bool = False


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    messages: list[tuple[str, str]] = [("system", asked.instructions)] if asked.instructions else []
    for item in [_Item("user", asked.input)] if isinstance(asked.input, str) else asked.input:
        words = item.content if isinstance(item.content, str) else "".join(part.text for part in item.content)
        messages.append((item.role, words))
    return Asked(
        model=asked.model,
        messages=tuple(messages),
        tools=tuple(tool.name for tool in asked.tools),
        max_tokens=asked.max_output_tokens,
        stream=asked.stream,
    )


def _error(message: str, kind: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()


_FAILED: dict[str, Any] = {
    **_HEAD,
    "status": "failed",
    "output": [],
    "error": {"code": "server_error", "message": f"no room for {KEY}"},
}

OPENAI_RESPONSES = Samples(
    dialect="openai-responses",
    read_back=_read_back,
    text=_sample(
        _response(_message(_text(_WORDS)), usage=_SPENT),
        Choice(parts=(Text(_WORDS),), finish_reason="stop"),
        usage=_USAGE,
    ),
    length=_sample(
        _response(_message(_text("Es war")), usage=_SPENT, cut=True),
        Choice(parts=(Text("Es war"),), finish_reason="length"),
        usage=_USAGE,
    ),
    no_usage=_sample(_response(_message(_text("Ja"))), Choice(parts=(Text("Ja"),), finish_reason="stop")),
    tool_call=_sample(_response(_call("c1", "Ulm")), Choice(parts=(_ULM,), finish_reason="tool_calls")),
    parallel_tools=_sample(
        _response(_call("c1", "Ulm"), _call("c2", "Bern")), Choice(parts=(_ULM, _BERN), finish_reason="tool_calls")
    ),
    more=(
        _sample(_response(_message(_REFUSED_PART)), Choice(parts=(Refusal("I will not."),), finish_reason="stop")),
        _sample(
            _response(_THOUGHT, _message(_text("4"))),
            Choice(parts=(Thinking("Two and two."), Text("4")), finish_reason="stop"),
        ),
    ),
    invalid_key=Refused(
        status=401,
        kind="auth",
        body=_error(f"Incorrect API key provided: {KEY}.", "invalid_request_error", "invalid_api_key"),
    ),
    rate_limited=Refused(
        status=429,
        kind="rate_limit",
        body=_error("Rate limit reached for requests", "requests", "rate_limit_exceeded"),
        headers=(("content-type", "application/json"), ("retry-after", "7")),
        retry_after=7.0,
    ),
    server_error=Refused(status=503, kind="overloaded", body=_error("The server is overloaded", "server_error")),
    more_errors=(
        Refused(status=404, kind="not_found", body=_error("No such model", "invalid_request_error", "model_not_found")),
        Refused(status=429, kind="quota", body=_error("You are out.", "insufficient_quota", "insufficient_quota")),
    ),
    broken_stream=BrokenStream(
        stream=_event("response.created", response={**_HEAD, "status": "in_progress", "output": []})
        + _event("response.output_item.added", output_index=0, item=_message())
        + _event("response.output_text.delta", output_index=0, content_index=0, delta="Grüß")
        + _event("response.failed", response=_FAILED),
        kind="transient",
    ),
    malformed_event=b'event: response.output_text.delta\ndata: {"type": "response.outp\n\n',
    no_answer=(b'{"id":"resp_7","status":"completed","output":[]}', json.dumps(_FAILED).encode(), b'{"id":"resp_7"}'),
    model_list=OPENAI_CHAT.model_list,
    relay_request=b'{ "max_tool_calls":12345678901234567890123, "zz":[1.50 ,"\\u00e9"],"model":"'
    + ALIAS.encode()
    + b'","input":[{"content":"Hi","role":"user"}]}',
)
