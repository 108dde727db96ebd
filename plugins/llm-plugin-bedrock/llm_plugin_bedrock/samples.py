"""Known answers of `bedrock-converse`, for the contract of the kinds that speak it."""

import json
import re
import struct
from typing import Any
from urllib.parse import unquote
from zlib import crc32

import msgspec

from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, Thinking, ToolCall
from lockgate_ports.testkit import KEY, Asked, BrokenStream, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_SPENT = {
    "inputTokens": 17,
    "outputTokens": 9,
    "totalTokens": 30,
    "cacheReadInputTokens": 4,
    "cacheWriteInputTokens": 0,
}
_USAGE = Usage(input_tokens=21, output_tokens=9, total_tokens=30, cache_read_tokens=4, cache_write_tokens=0)
_WORDS = "Grüße aus 東京 🗼"


def frame(payload: bytes, **headers: str) -> bytes:
    """One event stream message; `message_type` stands for the header `:message-type`."""
    named = b""
    for name, value in headers.items():
        key, text = f":{name.replace('_', '-')}".encode(), value.encode()
        named += struct.pack("!B", len(key)) + key + b"\x07" + struct.pack("!H", len(text)) + text
    prelude = struct.pack("!II", 16 + len(named) + len(payload), len(named))
    checked = prelude + struct.pack("!I", crc32(prelude)) + named + payload
    return checked + struct.pack("!I", crc32(checked))


def event(kind: str, **members: Any) -> bytes:
    """One event as Bedrock frames it."""
    payload = json.dumps(members, ensure_ascii=False).encode()
    return frame(payload, event_type=kind, content_type="application/json", message_type="event")


def exception(kind: str, message: str) -> bytes:
    """An error as an event of a stream."""
    payload = json.dumps({"message": message}).encode()
    return frame(payload, exception_type=kind, content_type="application/json", message_type="exception")


def by_frame(stream: bytes) -> list[bytes]:
    """The messages of an event stream."""
    frames: list[bytes] = []
    while stream:
        size = int.from_bytes(stream[:4], "big")
        frames.append(stream[:size])
        stream = stream[size:]
    return frames


def body(stop: str, *blocks: dict[str, Any], usage: dict[str, Any] | None = None) -> bytes:
    """A whole answer."""
    answer: dict[str, Any] = {
        "metrics": {"latencyMs": 321},
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop,
    }
    return json.dumps(answer | ({"usage": usage} if usage else {}), ensure_ascii=False).encode()


def stream(stop: str, *blocks: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
    """A streamed answer; a block is its deltas, the first of which may be a start (`{"start": ...}`)."""
    frames = [event("messageStart", role="assistant", p="abcdef")]
    for index, deltas in enumerate(blocks):
        for delta in deltas:
            kind = "contentBlockStart" if "start" in delta else "contentBlockDelta"
            inside = delta if "start" in delta else {"delta": delta}
            frames.append(event(kind, contentBlockIndex=index, **inside))
        frames.append(event("contentBlockStop", contentBlockIndex=index))
    frames.append(event("messageStop", stopReason=stop))
    if usage is not None:
        frames.append(event("metadata", usage=usage, metrics={"latencyMs": 321}))
    return b"".join(frames)


def _use(call_id: str, city: str) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": call_id, "name": "weather", "input": {"city": city}}}


def _opened(call_id: str, *pieces: str) -> list[dict[str, Any]]:
    start = {"start": {"toolUse": {"toolUseId": call_id, "name": "weather"}}}
    return [start, *({"toolUse": {"input": piece}} for piece in pieces)]


_TEXT = Sample(
    body=body("end_turn", {"text": _WORDS}, usage=_SPENT),
    stream=stream("end_turn", [{"text": "Grüße aus "}, {"text": "東京 🗼"}], usage=_SPENT),
    choices=(Choice(parts=(Text(_WORDS),), finish_reason="stop"),),
    usage=_USAGE,
)
_LENGTH = Sample(
    body=body("max_tokens", {"text": "Es war"}, usage=_SPENT),
    stream=stream("max_tokens", [{"text": "Es war"}], usage=_SPENT),
    choices=(Choice(parts=(Text("Es war"),), finish_reason="length"),),
    usage=_USAGE,
)
_NO_USAGE = Sample(
    body=body("end_turn", {"text": "Ja"}),
    stream=stream("end_turn", [{"text": "Ja"}]),
    choices=(Choice(parts=(Text("Ja"),), finish_reason="stop"),),
)
_TOOL_CALL = Sample(
    body=body("tool_use", _use("t-1", "Ulm")),
    stream=stream("tool_use", _opened("t-1", '{"city":', '"Ulm"}')),
    choices=(Choice(parts=(ToolCall("t-1", "weather", '{"city": "Ulm"}'),), finish_reason="tool_calls"),),
)
_PARALLEL_TOOLS = Sample(
    body=body("tool_use", {"text": "Zwei."}, _use("t-1", "Ulm"), _use("t-2", "Bern")),
    stream=stream(
        "tool_use", [{"text": "Zwei."}], _opened("t-1", '{"city":', '"Ulm"}'), _opened("t-2", '{"city":"Bern"}')
    ),
    choices=(
        Choice(
            parts=(
                Text("Zwei."),
                ToolCall("t-1", "weather", '{"city": "Ulm"}'),
                ToolCall("t-2", "weather", '{"city": "Bern"}'),
            ),
            finish_reason="tool_calls",
        ),
    ),
)
_NO_ARGUMENTS = Sample(
    body=body("end_turn", {"toolUse": {"toolUseId": "t-1", "name": "ping", "input": {}}}),
    stream=stream("end_turn", [{"start": {"toolUse": {"toolUseId": "t-1", "name": "ping"}}}]),
    choices=(Choice(parts=(ToolCall("t-1", "ping", "{}"),), finish_reason="tool_calls"),),
)
_REASONING = Sample(
    body=body(
        "end_turn",
        {"reasoningContent": {"reasoningText": {"text": "Two and two.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "b3BhcXVl"}},
        {"text": "4"},
    ),
    stream=stream(
        "end_turn",
        [
            {"reasoningContent": {"text": "Two "}},
            {"reasoningContent": {"text": "and two."}},
            {"reasoningContent": {"signature": "c2ln"}},
        ],
        [{"reasoningContent": {"redactedContent": "b3BhcXVl"}}],
        [{"text": "4"}],
    ),
    choices=(
        Choice(
            parts=(Thinking("Two and two.", "c2ln"), Thinking(redacted="b3BhcXVl"), Text("4")), finish_reason="stop"
        ),
    ),
)
_ANSWER_BY_TOOL = Sample(
    body=body("tool_use", {"toolUse": {"toolUseId": "t-1", "name": "lockgate_answer", "input": {"n": 4}}}),
    stream=stream(
        "tool_use",
        [
            {"start": {"toolUse": {"toolUseId": "t-1", "name": "lockgate_answer"}}},
            {"toolUse": {"input": '{"n"'}},
            {"toolUse": {"input": ": 4}"}},
        ],
    ),
    choices=(Choice(parts=(Text('{"n": 4}'),), finish_reason="stop"),),
)
_GUARDED = Sample(
    body=body("guardrail_intervened", {"text": "Nein."}, usage=_SPENT),
    stream=stream("guardrail_intervened", [{"text": "Nein."}], usage=_SPENT),
    choices=(Choice(parts=(Text("Nein."),), finish_reason="content_filter"),),
    usage=_USAGE,
)


class _Words(msgspec.Struct):
    text: str


class _Message(msgspec.Struct):
    role: str
    content: list[_Words]


class _Spec(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    toolSpec: _Spec  # noqa: N815


class _Tools(msgspec.Struct, frozen=True):
    tools: tuple[_Tool, ...] = ()


class _Inference(msgspec.Struct, frozen=True):
    maxTokens: int | None = None  # noqa: N815


class _Request(msgspec.Struct):
    messages: list[_Message]
    system: list[_Words] = []
    toolConfig: _Tools = _Tools()  # noqa: N815
    inferenceConfig: _Inference = _Inference()  # noqa: N815


_PATH = re.compile(r"/model/([^/]+)/([a-z-]+)$")


def read_back(request: HttpRequest, whole: str = "converse", streamed: str = "converse-stream") -> Asked:
    """What a request asks by one of these two operations."""
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    found = _PATH.search(request.target)
    assert found is not None, request.target  # noqa: S101
    assert found.group(2) in (whole, streamed), request.target  # noqa: S101
    system = [("system", words.text) for words in asked.system]
    return Asked(
        model=unquote(found.group(1)),
        messages=(*system, *((each.role, "".join(words.text for words in each.content)) for each in asked.messages)),
        tools=tuple(tool.toolSpec.name for tool in asked.toolConfig.tools),
        max_tokens=asked.inferenceConfig.maxTokens,
        stream=found.group(2) == streamed,
    )


def refused(status: int, kind: Any, code: str, message: str, wait: float | None = None) -> Refused:
    """An error answer as Bedrock gives it."""
    headers = [("content-type", "application/json"), ("x-amzn-errortype", f"{code}:http://internal.amazon.com/coral/")]
    if wait is not None:
        headers.append(("retry-after", f"{wait:g}"))
    said = json.dumps({"message": message}).encode()
    return Refused(status=status, kind=kind, body=said, headers=tuple(headers), retry_after=wait)


BEDROCK_CONVERSE = Samples(
    dialect="bedrock-converse",
    read_back=read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    more=(_NO_ARGUMENTS, _REASONING, _ANSWER_BY_TOOL, _GUARDED),
    invalid_key=refused(
        403, "auth", "UnrecognizedClientException", f"The security token included in the request is invalid: {KEY}."
    ),
    rate_limited=refused(429, "rate_limit", "ThrottlingException", "Too many requests, please wait.", 7.0),
    server_error=refused(503, "overloaded", "ServiceUnavailableException", "Bedrock is unable to process the request."),
    more_errors=(
        refused(403, "permission", "AccessDeniedException", "You don't have access to the model."),
        refused(403, "auth", "AccessDeniedException", "Authentication failed: make sure your API Key is valid."),
        refused(404, "not_found", "ResourceNotFoundException", "The model version has reached the end of its life."),
        refused(408, "timeout", "ModelTimeoutException", "The request took too long to process."),
        refused(424, "transient", "ModelErrorException", "The model returned the following errors: failed"),
        refused(429, "overloaded", "ModelNotReadyException", "The model is not ready for inference."),
        refused(429, "quota", "ThrottlingException", "Too many tokens per day, please wait before trying again."),
        refused(400, "quota", "ServiceQuotaExceededException", "Your request exceeds the service quota."),
        refused(400, "context_length", "ValidationException", "Input is too long for requested model."),
        refused(400, "context_length", "ValidationException", "prompt is too long: 9 tokens > 8 maximum"),
        refused(400, "not_found", "ValidationException", "The provided model identifier is invalid."),
        refused(400, "invalid_request", "ValidationException", "A conversation must start with a user message."),
        refused(403, "auth", "ExpiredTokenException", "The security token included in the request is expired"),
        Refused(
            status=403,
            kind="permission",
            body=b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User is not authorized"}',
        ),
    ),
    broken_stream=BrokenStream(
        stream=event("messageStart", role="assistant")
        + event("contentBlockDelta", contentBlockIndex=0, delta={"text": "Grüß"})
        + exception("serviceUnavailableException", f"no room for {KEY}"),
        kind="overloaded",
    ),
    malformed_event=frame(b'{"contentBlockIndex":0,"delta":{"te', event_type="contentBlockDelta", message_type="event"),
    no_answer=(
        b'{"output":{},"stopReason":"end_turn"}',
        b'{"__type":"InternalServerException","message":"no room"}',
    ),
    relay_request=b'{ "zz":[1.50 ,"\\u00e9"],"seed":12345678901234567890123,"messages":[{"content":[{"text":"Hi"}],'
    b'"role":"user"}]}',
    event_content_type=CONTENT_TYPE,
    split_events=by_frame,
)
