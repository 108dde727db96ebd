"""Known answers of `cohere-chat`, for the contract of every provider that speaks it."""

import json
from typing import Any

import msgspec

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, Thinking, ToolCall
from lockgate_ports.testkit import ALIAS, KEY, Asked, BrokenStream, Listed, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_DONE = b"data: [DONE]\n\n"
_SPENT = {
    "billed_units": {"input_tokens": 5, "output_tokens": 9},
    "tokens": {"input_tokens": 71.0, "output_tokens": 12, "reasoning_tokens": 3},
    "cached_tokens": 16,
}
_USAGE = Usage(
    input_tokens=71,
    output_tokens=12,
    cache_read_tokens=16,
    reasoning_tokens=3,
    billed_input_tokens=5,
    billed_output_tokens=9,
)
_WORDS = "Grüße aus 東京 🗼"


def _body(finish: str, message: dict[str, Any], usage: dict[str, Any] | None = None) -> bytes:
    answer = {"id": "a-7", "message": {"role": "assistant", **message}, "finish_reason": finish}
    return json.dumps(answer | ({"usage": usage} if usage else {}), ensure_ascii=False).encode()


def _event(kind: str, **fields: Any) -> bytes:
    data = json.dumps({"type": kind, **fields}, ensure_ascii=False).encode()
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def _said(kind: str, index: int | None = None, **message: Any) -> bytes:
    at = {"index": index} if index is not None else {}
    return _event(kind, **at, delta={"message": message})


def _stream(finish: str, *events: bytes, usage: dict[str, Any] | None = None) -> bytes:
    empty: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    ending = {"finish_reason": finish} | ({"usage": usage} if usage else {})
    begin = _event("message-start", id="a-7", delta={"message": empty})
    return b"".join([begin, *events, _event("message-end", delta=ending)]) + _DONE


def _content(index: int, kind: str, *pieces: str) -> bytes:
    begin = _said("content-start", index, content={"type": kind, kind: ""})
    deltas = [_said("content-delta", index, content={kind: piece}) for piece in pieces]
    return b"".join([begin, *deltas, _event("content-end", index=index)])


def _call(call_id: str, city: str) -> dict[str, Any]:
    arguments = json.dumps({"city": city}, separators=(",", ":"))
    return {"id": call_id, "type": "function", "function": {"name": "weather", "arguments": arguments}}


def _opened(index: int, call_id: str, name: str = "weather") -> bytes:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    return _said("tool-call-start", index, tool_calls=call)


def _piece(index: int, text: str) -> bytes:
    return _said("tool-call-delta", index, tool_calls={"function": {"arguments": text}})


def _plan(*pieces: str) -> bytes:
    return b"".join(_said("tool-plan-delta", tool_plan=piece) for piece in pieces)


_TEXT = Sample(
    body=_body("COMPLETE", {"content": [{"type": "text", "text": _WORDS}]}, _SPENT),
    stream=_stream("COMPLETE", _content(0, "text", "Grüße aus ", "東京 🗼"), usage=_SPENT),
    choices=(Choice(parts=(Text(_WORDS),), finish_reason="stop"),),
    usage=_USAGE,
)
_LENGTH = Sample(
    body=_body("MAX_TOKENS", {"content": [{"type": "text", "text": "Es war"}]}, _SPENT),
    stream=_stream("MAX_TOKENS", _content(0, "text", "Es war"), usage=_SPENT),
    choices=(Choice(parts=(Text("Es war"),), finish_reason="length"),),
    usage=_USAGE,
)
_NO_USAGE = Sample(
    body=_body("STOP_SEQUENCE", {"content": [{"type": "text", "text": "Ja"}]}),
    stream=_stream("STOP_SEQUENCE", _content(0, "text", "Ja")),
    choices=(Choice(parts=(Text("Ja"),), finish_reason="stop"),),
)
_TOOL_CALL = Sample(
    body=_body("TOOL_CALL", {"tool_plan": "I will look.", "tool_calls": [_call("c1", "Ulm")]}),
    stream=_stream(
        "TOOL_CALL",
        *(_plan("I will ", "look."), _opened(0, "c1"), _piece(0, '{"city":'), _piece(0, '"Ulm"}')),
        _event("tool-call-end", index=0),
    ),
    choices=(
        Choice(
            parts=(Thinking("I will look."), ToolCall("c1", "weather", '{"city":"Ulm"}')), finish_reason="tool_calls"
        ),
    ),
)
_PARALLEL_TOOLS = Sample(
    body=_body("TOOL_CALL", {"tool_calls": [_call("c1", "Ulm"), _call("c2", "Bern")]}),
    stream=_stream(
        "TOOL_CALL",
        *(_opened(0, "c1"), _piece(0, '{"city":"Ulm"}'), _event("tool-call-end", index=0)),
        *(_opened(1, "c2"), _piece(1, '{"city":'), _piece(1, '"Bern"}'), _event("tool-call-end", index=1)),
    ),
    choices=(
        Choice(
            parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'), ToolCall("c2", "weather", '{"city":"Bern"}')),
            finish_reason="tool_calls",
        ),
    ),
)
_THINKING = Sample(
    body=_body(
        "COMPLETE", {"content": [{"type": "thinking", "thinking": "Two and two."}, {"type": "text", "text": "4"}]}
    ),
    stream=_stream("COMPLETE", _content(0, "thinking", "Two ", "and two."), _content(1, "text", "4")),
    choices=(Choice(parts=(Thinking("Two and two."), Text("4")), finish_reason="stop"),),
)
_CITATION = {"start": 0, "end": 4, "text": "Ulm", "sources": [{"type": "document", "id": "d1"}], "type": "TEXT_CONTENT"}
_CITED = Sample(
    body=_body("COMPLETE", {"content": [{"type": "text", "text": "Ulm."}], "citations": [_CITATION]}),
    stream=_stream(
        "COMPLETE",
        _content(0, "text", "Ulm", "."),
        *(_said("citation-start", 0, citations=_CITATION), _event("citation-end", index=0)),
    ),
    choices=(Choice(parts=(Text("Ulm."),), finish_reason="stop"),),
)
_NO_ARGUMENTS = Sample(
    body=_body(
        "COMPLETE", {"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "clock", "arguments": ""}}]}
    ),
    stream=_stream("COMPLETE", _opened(0, "c1", "clock"), _event("tool-call-end", index=0)),
    choices=(Choice(parts=(ToolCall("c1", "clock", "{}"),), finish_reason="tool_calls"),),
)


class _Message(msgspec.Struct):
    role: str
    content: str


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    function: _Function


class _Request(msgspec.Struct):
    model: str
    messages: list[_Message]
    tools: tuple[_Tool, ...] = ()
    max_tokens: int | None = None
    stream: bool = False


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    return Asked(
        model=asked.model,
        messages=tuple((message.role, message.content) for message in asked.messages),
        tools=tuple(tool.function.name for tool in asked.tools),
        max_tokens=asked.max_tokens,
        stream=asked.stream,
    )


def error_body(message: str) -> bytes:
    """Cohere's envelope."""
    return json.dumps({"id": "e-1", "message": message}).encode()


INVALID_KEY = Refused(status=401, kind="auth", body=error_body(f"invalid api token: {KEY}"))
RATE_LIMITED = Refused(
    status=429,
    kind="rate_limit",
    body=error_body("Please wait and try again later; you are limited to 40 API calls / minute"),
    headers=(("content-type", "application/json"), ("retry-after", "7")),
    retry_after=7.0,
)
SERVER_ERROR = Refused(status=503, kind="overloaded", body=error_body("service unavailable"))
MORE_ERRORS = (
    Refused(status=404, kind="not_found", body=error_body("model 'x' not found")),
    Refused(status=400, kind="context_length", body=error_body("too many tokens: total must be at most 8")),
    Refused(
        status=429, kind="quota", body=error_body("You are using a Trial key, which is limited to 1000 calls / month")
    ),
    Refused(status=402, kind="quota", body=error_body("please add a payment method")),
    Refused(status=403, kind="permission", body=error_body("not allowed")),
    Refused(status=422, kind="invalid_request", body=error_body("invalid type: parameter seed must be an integer")),
    Refused(status=498, kind="content_filter", body=error_body("blocked output")),
    Refused(status=500, kind="transient", body=error_body("internal server error")),
)

_MODELS = Listed(
    pages=(
        b'{"models":[{"name":"command-a","endpoints":["generate","chat"],"context_length":288000,'
        b'"features":["tools","json_schema"]}],"next_page_token":"2"}',
        b'{"models":[{"name":"rerank-a","endpoints":["rerank"],"context_length":32768.0,"features":null}]}',
    ),
    cards=(
        ModelCard(
            id="command-a",
            operations=("chat",),
            context_tokens=288_000,
            tools=True,
            structured_output=True,
            reasoning=False,
        ),
        ModelCard(id="rerank-a", operations=("rerank",), context_tokens=32_768),
    ),
)

COHERE_CHAT = Samples(
    dialect="cohere-chat",
    read_back=_read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    more=(_THINKING, _CITED, _NO_ARGUMENTS),
    invalid_key=INVALID_KEY,
    rate_limited=RATE_LIMITED,
    server_error=SERVER_ERROR,
    more_errors=MORE_ERRORS,
    broken_stream=BrokenStream(
        stream=_said("content-delta", 0, content={"text": "Grüß"})
        + _event("message-end", delta={"finish_reason": "ERROR", "error": f"no room for {KEY}"}),
        kind="transient",
    ),
    malformed_event=b'event: content-delta\ndata: {"type": "content-delta", "delta": {"mess\n\n',
    no_answer=(
        b'{"id":"a-7","finish_reason":"COMPLETE"}',
        _body("ERROR", {"content": []}),
        error_body("no room"),
    ),
    model_list=_MODELS,
    relay_request=b'{ "seed":12345678901234567890123, "zz":[1.50 ,"\\u00e9"],"model":"'
    + ALIAS.encode()
    + b'","messages":[{"content":"Hi","role":"user"}]}',
    stream_end=_DONE,
)
