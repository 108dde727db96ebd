"""Known answers of `openai-chat`, for the contract of every provider that speaks it."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from lockgate_ports.cards import ModelCard, Price, Rates
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Refusal, Text, Thinking, ToolCall
from lockgate_ports.testkit import ALIAS, KEY, Asked, BrokenStream, Listed, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_DONE = b"data: [DONE]\n\n"
_HEAD = {"id": "chatcmpl-7", "created": 1760000000, "model": "sample-1"}
_SPENT = {
    "prompt_tokens": 21,
    "completion_tokens": 9,
    "total_tokens": 30,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
_USAGE = Usage(input_tokens=21, output_tokens=9, total_tokens=30, cache_read_tokens=4, reasoning_tokens=3)
_WORDS = "Grüße aus 東京 🗼"


def _body(finish: str, *messages: dict[str, Any], usage: dict[str, Any] | None = None) -> bytes:
    choices = [
        {"index": index, "message": {"role": "assistant", **message}, "logprobs": None, "finish_reason": finish}
        for index, message in enumerate(messages)
    ]
    answer = {**_HEAD, "object": "chat.completion", "choices": choices} | ({"usage": usage} if usage else {})
    return json.dumps(answer, ensure_ascii=False).encode()


def _chunk(**fields: Any) -> bytes:
    chunk = {**_HEAD, "object": "chat.completion.chunk", **fields}
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def _stream(finish: str, *deltas: dict[str, Any], usage: dict[str, Any] | None = None, choices: int = 1) -> bytes:
    """Each delta may name its choice by `at`."""
    chunks = [_chunk(choices=[{"index": at, "delta": {"role": "assistant", "content": ""}}]) for at in range(choices)]
    for delta in deltas:
        said = {name: value for name, value in delta.items() if name != "at"}
        chunks.append(_chunk(choices=[{"index": delta.get("at", 0), "delta": said, "finish_reason": None}]))
    chunks += [_chunk(choices=[{"index": at, "delta": {}, "finish_reason": finish}]) for at in range(choices)]
    if usage is not None:
        chunks.append(_chunk(choices=[], usage=usage))
    return b"".join(chunks) + _DONE


def _call(call_id: str, city: str) -> dict[str, Any]:
    return {
        "id": call_id,
        "type": "function",
        "function": {"name": "weather", "arguments": json.dumps({"city": city}, separators=(",", ":"))},
    }


def _opened(index: int, call_id: str) -> dict[str, Any]:
    call = {"index": index, "id": call_id, "type": "function", "function": {"name": "weather", "arguments": ""}}
    return {"tool_calls": [call]}


def _piece(index: int, text: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}


_TEXT = Sample(
    body=_body("stop", {"content": _WORDS, "refusal": None}, usage=_SPENT),
    stream=_stream("stop", {"content": "Grüße aus "}, {"content": "東京 🗼"}, usage=_SPENT),
    choices=(Choice(parts=(Text(_WORDS),), finish_reason="stop"),),
    usage=_USAGE,
)
_LENGTH = Sample(
    body=_body("length", {"content": "Es war"}, usage=_SPENT),
    stream=_stream("length", {"content": "Es war"}, usage=_SPENT),
    choices=(Choice(parts=(Text("Es war"),), finish_reason="length"),),
    usage=_USAGE,
)
_NO_USAGE = Sample(
    body=_body("stop", {"content": "Ja"}),
    stream=_stream("stop", {"content": "Ja"}),
    choices=(Choice(parts=(Text("Ja"),), finish_reason="stop"),),
)
_TOOL_CALL = Sample(
    body=_body("tool_calls", {"content": None, "tool_calls": [_call("c1", "Ulm")]}),
    stream=_stream("tool_calls", _opened(0, "c1"), _piece(0, '{"city":'), _piece(0, '"Ulm"}')),
    choices=(Choice(parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'),), finish_reason="tool_calls"),),
)
_PARALLEL_TOOLS = Sample(
    body=_body("tool_calls", {"content": None, "tool_calls": [_call("c1", "Ulm"), _call("c2", "Bern")]}),
    stream=_stream(
        "tool_calls",
        *(_opened(0, "c1"), _opened(1, "c2")),
        *(_piece(1, '{"city":'), _piece(0, '{"city":"Ulm"}'), _piece(1, '"Bern"}')),
    ),
    choices=(
        Choice(
            parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'), ToolCall("c2", "weather", '{"city":"Bern"}')),
            finish_reason="tool_calls",
        ),
    ),
)
_REFUSAL = Sample(
    body=_body("stop", {"content": None, "refusal": "I will not."}),
    stream=_stream("stop", {"refusal": "I will"}, {"refusal": " not."}),
    choices=(Choice(parts=(Refusal("I will not."),), finish_reason="stop"),),
)
_REASONING = Sample(
    body=_body("stop", {"content": "4", "reasoning_content": "Two and two."}),
    stream=_stream("stop", {"reasoning_content": "Two "}, {"reasoning_content": "and two."}, {"content": "4"}),
    choices=(Choice(parts=(Thinking("Two and two."), Text("4")), finish_reason="stop"),),
)
_SEVERAL = Sample(
    body=_body("stop", {"content": "Kopf"}, {"content": "Zahl"}),
    stream=_stream("stop", {"content": "Ko", "at": 0}, {"content": "Zahl", "at": 1}, {"content": "pf"}, choices=2),
    choices=(
        Choice(parts=(Text("Kopf"),), finish_reason="stop"),
        Choice(index=1, parts=(Text("Zahl"),), finish_reason="stop"),
    ),
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
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    stream: bool = False


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    return Asked(
        model=asked.model,
        messages=tuple((message.role, message.content) for message in asked.messages),
        tools=tuple(tool.function.name for tool in asked.tools),
        max_tokens=asked.max_completion_tokens or asked.max_tokens,
        stream=asked.stream,
    )


def _error(message: str, kind: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}}).encode()


def _priced(**rates: str) -> Price:
    source = "http://openai.test/v1/models"
    return Price(
        rates=Rates(**{name: Decimal(rate) for name, rate in rates.items()}), source=source, as_of="2026-11-20"
    )


_MODELS = Listed(
    pages=(
        b'{"object":"list","data":[{"id":"plain","object":"model","created":1,"owned_by":"somebody"},'
        b'{"id":"vllm/model","object":"model","max_model_len":32768},'
        b'{"id":"local","meta":{"n_ctx_train":8192,"n_params":134515008}},'
        b'{"id":"routed","context_length":131072,"top_provider":{"max_completion_tokens":8192},'
        b'"architecture":{"input_modalities":["image","text"],"output_modalities":["text"]},'
        b'"supported_parameters":["tools","reasoning"],"pricing":{"prompt":"0.0000002","completion":"0.000001",'
        b'"input_cache_read":"0.00000002","request":"0","web_search":"0.01"},"expiration_date":"2027-01-31"},'
        b'{"id":"varies","pricing":{"prompt":"-1","completion":"-1"}},'
        b'{"id":"vectors","type":"embedding","context_length":514,"pricing":{"input":0.02,"output":0}},'
        b'{"id":"seen","type":"base","capabilities":{"completion_chat":true,"function_calling":false,"vision":true}}]}',
    ),
    cards=(
        ModelCard(id="plain"),
        ModelCard(id="vllm/model", context_tokens=32768),
        ModelCard(id="local", context_tokens=8192, parameters_billions=0.134515008),
        ModelCard(
            id="routed",
            operations=("chat",),
            context_tokens=131_072,
            max_output_tokens=8192,
            inputs=("image", "text"),
            outputs=("text",),
            tools=True,
            structured_output=False,
            reasoning=True,
            price=_priced(input="0.2", output="1", cache_read="0.02", server_tool_request="0.01"),
            retires="2027-01-31",
        ),
        ModelCard(id="varies"),
        ModelCard(id="vectors", operations=("embeddings",), context_tokens=514, price=_priced(input="0.02")),
        ModelCard(id="seen", operations=("chat",), inputs=("text", "image"), tools=False),
    ),
)

OPENAI_CHAT = Samples(
    dialect="openai-chat",
    read_back=_read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    more=(_REFUSAL, _REASONING, _SEVERAL),
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
        Refused(
            status=400,
            kind="context_length",
            body=_error("This model's maximum context length is 8 tokens.", "invalid_request_error"),
        ),
        Refused(status=429, kind="quota", body=_error("You are out.", "insufficient_quota", "insufficient_quota")),
    ),
    broken_stream=BrokenStream(
        stream=_chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": "Grüß"}}])
        + b"data: "
        + _error(f"no room for {KEY}", "overloaded_error")
        + b"\n\n",
        kind="overloaded",
    ),
    malformed_event=b'data: {"choices": [{"delta": {"con\n\n',
    no_answer=(b'{"id":"chatcmpl-7","choices":[]}', _error("no room", "server_error")),
    model_list=_MODELS,
    relay_request=b'{ "seed":12345678901234567890123, "zz":[1.50 ,"\\u00e9"],"model":"'
    + ALIAS.encode()
    + b'","messages":[{"content":"Hi","role":"user"}]}',
    stream_end=_DONE,
)
