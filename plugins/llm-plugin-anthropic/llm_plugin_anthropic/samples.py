"""Known answers of `anthropic-messages`, for the contract of every provider that speaks it."""

import json
import re
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import structs

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, Thinking, ToolCall
from lockgate_ports.testkit import ALIAS, KEY, Asked, BrokenStream, Listed, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_SPENT = {
    "input_tokens": 12,
    "cache_read_input_tokens": 4,
    "cache_creation_input_tokens": 5,
    "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
    "output_tokens": 9,
}
_USAGE = Usage(input_tokens=21, output_tokens=9, cache_read_tokens=4, cache_write_tokens=5, cache_write_1h_tokens=3)
_WORDS = "Grüße aus 東京 🗼"

Block = dict[str, Any]


def _body(stop: str, *blocks: Block, usage: Block | None = None) -> bytes:
    answer = {**_head(list(blocks)), "stop_reason": stop} | ({"usage": usage} if usage else {})
    return json.dumps(answer, ensure_ascii=False).encode()


def _head(content: list[Block]) -> Block:
    return {
        "id": "msg_7",
        "type": "message",
        "role": "assistant",
        "model": "sample-1",
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _event(kind: str, **members: Any) -> bytes:
    data = json.dumps({"type": kind, **members}, ensure_ascii=False)
    return f"event: {kind}\ndata: {data}\n\n".encode()


_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def _stream(stop: str, *blocks: tuple[Block, *tuple[Block, ...]], usage: Block | None = None) -> bytes:
    """Each block is what opens it and its deltas."""
    head = _head([]) | ({"usage": {**usage, "output_tokens": 1}} if usage else {})
    told = [_event("message_start", message=head), _event("ping")]
    for index, (block, *deltas) in enumerate(blocks):
        told.append(_event("content_block_start", index=index, content_block=block))
        told += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
        told.append(_event("content_block_stop", index=index))
    spent = {"usage": {"output_tokens": usage["output_tokens"]}} if usage else {}
    told.append(_event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, **spent))
    return b"".join(told) + _STOP


def _words(*pieces: str) -> tuple[Block, *tuple[Block, ...]]:
    return ({"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def _call(call_id: str, name: str = "weather", **given: Any) -> Block:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def _pieces(call_id: str, *pieces: str, name: str = "weather") -> tuple[Block, *tuple[Block, ...]]:
    return (_call(call_id, name), *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


_TEXT = Sample(
    body=_body("end_turn", {"type": "text", "text": _WORDS}, usage=_SPENT),
    stream=_stream("end_turn", _words("Grüße aus ", "東京 🗼"), usage=_SPENT),
    choices=(Choice(parts=(Text(_WORDS),), finish_reason="stop"),),
    usage=_USAGE,
)
_LENGTH = Sample(
    body=_body("max_tokens", {"type": "text", "text": "Es war"}, usage=_SPENT),
    stream=_stream("max_tokens", _words("Es war"), usage=_SPENT),
    choices=(Choice(parts=(Text("Es war"),), finish_reason="length"),),
    usage=_USAGE,
)
_NO_USAGE = Sample(
    body=_body("end_turn", {"type": "text", "text": "Ja"}),
    stream=_stream("end_turn", _words("Ja")),
    choices=(Choice(parts=(Text("Ja"),), finish_reason="stop"),),
)
_TOOL_CALL = Sample(
    body=_body("tool_use", _call("toolu_1", city="Ulm")),
    stream=_stream("tool_use", _pieces("toolu_1", "", '{"city":', '"Ulm"}')),
    choices=(Choice(parts=(ToolCall("toolu_1", "weather", '{"city":"Ulm"}'),), finish_reason="tool_calls"),),
)
_PARALLEL_TOOLS = Sample(
    body=_body(
        "tool_use", {"type": "text", "text": "Moment."}, _call("toolu_1", city="Ulm"), _call("toolu_2", "clock")
    ),
    stream=_stream(
        "tool_use", _words("Moment."), _pieces("toolu_1", '{"city"', ':"Ulm"}'), _pieces("toolu_2", "", name="clock")
    ),
    choices=(
        Choice(
            parts=(
                Text("Moment."),
                ToolCall("toolu_1", "weather", '{"city":"Ulm"}'),
                ToolCall("toolu_2", "clock", "{}"),
            ),
            finish_reason="tool_calls",
        ),
    ),
)
_THINKING = Sample(
    body=_body(
        "end_turn",
        {"type": "thinking", "thinking": "Two and two.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "c2VhbGVk"},
        {"type": "text", "text": "4"},
    ),
    stream=_stream(
        "end_turn",
        (
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "Two "},
            {"type": "thinking_delta", "thinking": "and two."},
            {"type": "signature_delta", "signature": "c2ln"},
        ),
        ({"type": "redacted_thinking", "data": "c2VhbGVk"},),
        _words("4"),
    ),
    choices=(Choice(parts=(Thinking("Two and two."), Text("4")), finish_reason="stop"),),
)
_SEARCH: Block = {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": [{"title": "Ulm"}]}
_NOTE: Block = {"type": "web_search_result_location", "url": "https://ulm.test", "cited_text": "spire"}
_SERVED: Block = {"type": "server_tool_use", "id": "srv_1", "name": "web_search"}
_SERVER_TOOL = Sample(
    body=_body(
        "pause_turn",
        {**_SERVED, "input": {"query": "Ulm"}},
        _SEARCH,
        {"type": "text", "text": "The spire.", "citations": [_NOTE]},
    ),
    stream=_stream(
        "pause_turn",
        ({**_SERVED, "input": {}}, {"type": "input_json_delta", "partial_json": '{"query": "Ulm"}'}),
        (_SEARCH,),
        (
            {"type": "text", "text": "", "citations": []},
            {"type": "citations_delta", "citation": _NOTE},
            {"type": "text_delta", "text": "The spire."},
            {"type": "delta_of_tomorrow", "news": 1},
        ),
    ),
    choices=(Choice(parts=(Text("The spire."),), finish_reason="stop"),),
)
_REFUSAL = Sample(
    body=_body("refusal", {"type": "text", "text": "First, you"}),
    stream=_stream("refusal", _words("First, you")),
    choices=(Choice(parts=(Text("First, you"),), finish_reason="content_filter"),),
)


class _Message(msgspec.Struct):
    role: str
    content: str


class _Tool(msgspec.Struct):
    name: str


class _Request(msgspec.Struct):
    model: str
    messages: list[_Message]
    system: str | None = None
    tools: tuple[_Tool, ...] = ()
    max_tokens: int | None = None
    stream: bool = False


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    system = (("system", asked.system),) if asked.system is not None else ()
    return Asked(
        model=asked.model,
        messages=(*system, *((message.role, message.content) for message in asked.messages)),
        tools=tuple(tool.name for tool in asked.tools),
        max_tokens=asked.max_tokens,
        stream=asked.stream,
    )


def _error(message: str, kind: str) -> bytes:
    error = {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_7"}
    return json.dumps(error).encode()


_MODELS = Listed(
    pages=(
        b'{"data":[{"id":"claude-a","lifecycle":"active","max_input_tokens":1000000,"max_tokens":128000,'
        b'"capabilities":{"image_input":{"supported":true},"pdf_input":{"supported":true},'
        b'"structured_outputs":{"supported":true},"thinking":{"supported":true,"types":{}}},"retires_at":null},'
        b'{"id":"claude-gone","lifecycle":"retired"}],"has_more":true,"last_id":"claude-gone"}',
        b'{"data":[{"id":"claude-b","lifecycle":"deprecated","retires_at":"2027-02-01T00:00:00Z"}],"has_more":false}',
    ),
    cards=(
        ModelCard(
            id="claude-a",
            operations=("chat", "count_tokens"),
            context_tokens=1_000_000,
            max_output_tokens=128_000,
            inputs=("text", "image", "file"),
            structured_output=True,
            reasoning=True,
        ),
        ModelCard(id="claude-b", operations=("chat", "count_tokens"), retires="2027-02-01"),
    ),
)

ANTHROPIC_MESSAGES = Samples(
    dialect="anthropic-messages",
    read_back=_read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    more=(_THINKING, _SERVER_TOOL, _REFUSAL),
    invalid_key=Refused(status=401, kind="auth", body=_error(f"invalid x-api-key {KEY}", "authentication_error")),
    rate_limited=Refused(
        status=429,
        kind="rate_limit",
        body=_error("This request would exceed your rate limit", "rate_limit_error"),
        headers=(("content-type", "application/json"), ("retry-after", "7")),
        retry_after=7.0,
    ),
    server_error=Refused(status=529, kind="overloaded", body=_error("Overloaded", "overloaded_error")),
    more_errors=(
        Refused(status=404, kind="not_found", body=_error("model: nobody", "not_found_error")),
        Refused(
            status=400,
            kind="context_length",
            body=_error("prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error"),
        ),
        Refused(
            status=400,
            kind="context_length",
            body=_error("input length and `max_tokens` exceed context limit: 9 + 9 > 10", "invalid_request_error"),
        ),
        Refused(status=400, kind="quota", body=_error("Your credit balance is too low.", "invalid_request_error")),
        Refused(status=402, kind="quota", body=_error("Billing.", "billing_error")),
        Refused(status=403, kind="permission", body=_error("Not yours.", "permission_error")),
        Refused(status=413, kind="invalid_request", body=_error("Request exceeds 32 MB", "request_too_large")),
        Refused(status=500, kind="transient", body=_error("Internal server error", "api_error")),
        Refused(status=504, kind="timeout", body=_error("Timed out", "timeout_error")),
    ),
    broken_stream=BrokenStream(
        stream=_event("message_start", message=_head([]))
        + _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        + _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Grüß"})
        + b"event: error\ndata: "
        + _error(f"no room for {KEY}", "overloaded_error")
        + b"\n\n",
        kind="overloaded",
    ),
    malformed_event=b'event: content_block_delta\ndata: {"type": "content_block_delta", "delta": {"te\n\n',
    no_answer=(b'{"id":"msg_7","type":"message"}', _error("no room", "api_error")),
    model_list=_MODELS,
    relay_request=b'{ "seed":12345678901234567890123, "zz":[1.50 ,"\\u00e9"],"model":"'
    + ALIAS.encode()
    + b'","max_tokens":9,"messages":[{"content":"Hi","role":"user"}]}',
)


_IN_PATH = re.compile(r"/models?/([^/:]+)[:/](rawPredict|streamRawPredict|invoke|invoke-with-response-stream)$")


class _CloudRequest(msgspec.Struct):
    anthropic_version: str
    messages: list[_Message]
    system: str | None = None
    tools: tuple[_Tool, ...] = ()
    max_tokens: int | None = None


def in_path(version: str) -> Samples:
    """The same for a cloud: the model stands in the path, and `version` in the body."""

    def read_back(request: HttpRequest) -> Asked:
        asked = msgspec.json.decode(bytes(request.body), type=_CloudRequest)
        assert asked.anthropic_version == version, asked.anthropic_version  # noqa: S101
        found = _IN_PATH.search(request.target)
        assert found is not None, request.target  # noqa: S101
        system = (("system", asked.system),) if asked.system is not None else ()
        return Asked(
            model=unquote(found.group(1)),
            messages=(*system, *((message.role, message.content) for message in asked.messages)),
            tools=tuple(tool.name for tool in asked.tools),
            max_tokens=asked.max_tokens,
            stream="stream" in found.group(2).lower(),
        )

    relayed = ANTHROPIC_MESSAGES.relay_request.replace(
        b'"model":"%s"' % ALIAS.encode(), b'"anthropic_version":"%s"' % version.encode()
    )
    return structs.replace(ANTHROPIC_MESSAGES, read_back=read_back, relay_request=relayed)
