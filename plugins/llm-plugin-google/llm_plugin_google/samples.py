"""Known answers of `gemini`, for the contract of every provider that speaks it."""

import json
import re
from typing import Any

import msgspec

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, Thinking, ToolCall
from lockgate_ports.testkit import KEY, Asked, BrokenStream, Listed, Refused, Sample, Samples
from lockgate_ports.usage import Usage

_HEAD = {"modelVersion": "sample-1", "responseId": "resp-7"}
_SPENT = {
    "promptTokenCount": 15,
    "toolUsePromptTokenCount": 6,
    "candidatesTokenCount": 6,
    "thoughtsTokenCount": 3,
    "cachedContentTokenCount": 4,
    "totalTokenCount": 30,
    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 15}],
}
_USAGE = Usage(
    input_tokens=21,
    output_tokens=9,
    total_tokens=30,
    cache_read_tokens=4,
    reasoning_tokens=3,
    tool_use_tokens=6,
)
_WORDS = "Grüße aus 東京 🗼"

Part = dict[str, Any]


def _answer(candidates: list[dict[str, Any]], usage: dict[str, Any] | None = None, **fields: Any) -> bytes:
    said = {"candidates": candidates} if candidates else {}
    counted = {"usageMetadata": usage} if usage else {}
    return json.dumps({**said, **counted, **_HEAD, **fields}, ensure_ascii=False).encode()


def _candidate(*parts: Part, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    told = {"finishReason": finish} if finish else {}
    return {"content": {"parts": list(parts), "role": "model"}, **told, "index": index}


def _event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


def _sample(
    finish: str,
    pieces: list[Part],
    whole: list[Part],
    spent: dict[str, Any] | None = None,
    *,
    says: Choice,
    usage: Usage | None = None,
) -> Sample:
    """The same answer in one piece and in `pieces`, whose last says why it ended."""
    early = {"promptTokenCount": 15} if spent else None
    chunks = [_event(_answer([_candidate(piece)], early)) for piece in pieces[:-1]]
    chunks.append(_event(_answer([_candidate(pieces[-1], finish=finish)], spent)))
    body = _answer([_candidate(*whole, finish=finish)], spent)
    return Sample(body=body, stream=b"".join(chunks), choices=(says,), usage=usage)


def _call(city: str, call_id: str | None = None) -> Part:
    named = {"id": call_id} if call_id else {}
    return {"functionCall": {**named, "name": "weather", "args": {"city": city}}}


_ULM = ToolCall("", "weather", '{"city":"Ulm"}')
_BERN = ToolCall("", "weather", '{"city":"Bern"}')
_TEXT = _sample(
    "STOP",
    [{"text": "Grüße aus "}, {"text": "東京 🗼"}],
    [{"text": _WORDS}],
    _SPENT,
    says=Choice(parts=(Text(_WORDS),), finish_reason="stop"),
    usage=_USAGE,
)
_LENGTH = _sample(
    "MAX_TOKENS",
    [{"text": "Es war"}],
    [{"text": "Es war"}],
    _SPENT,
    says=Choice(parts=(Text("Es war"),), finish_reason="length"),
    usage=_USAGE,
)
_NO_USAGE = _sample(
    "STOP",
    [{"text": "Ja"}],
    [{"text": "Ja"}],
    says=Choice(parts=(Text("Ja"),), finish_reason="stop"),
)
_TOOL_CALL = _sample(
    "STOP", [_call("Ulm"), {"text": ""}], [_call("Ulm")], says=Choice(parts=(_ULM,), finish_reason="tool_calls")
)
_PARALLEL_TOOLS = _sample(
    "STOP",
    [_call("Ulm"), _call("Bern")],
    [_call("Ulm"), _call("Bern")],
    says=Choice(parts=(_ULM, _BERN), finish_reason="tool_calls"),
)
_SIGNED = _sample(
    "STOP",
    [
        {"text": "Two and ", "thought": True},
        {"text": "two.", "thought": True},
        {"text": "4"},
        {"text": "", "thoughtSignature": "c2ln"},
    ],
    [{"text": "Two and two.", "thought": True}, {"text": "4", "thoughtSignature": "c2ln"}],
    says=Choice(parts=(Thinking("Two and two."), Text("4"), Thinking("")), finish_reason="stop"),
)
_IDS = _sample(
    "STOP",
    [{**_call("Ulm", "call_9"), "thoughtSignature": "c2ln"}],
    [{**_call("Ulm", "call_9"), "thoughtSignature": "c2ln"}],
    says=Choice(parts=(ToolCall("call_9", "weather", '{"city":"Ulm"}'),), finish_reason="tool_calls"),
)
_CODE = _sample(
    "STOP",
    [{"executableCode": {"language": "PYTHON", "code": "print(4)"}}, {"text": "4"}],
    [{"executableCode": {"language": "PYTHON", "code": "print(4)"}}, {"text": "4"}],
    says=Choice(parts=(Text("4"),), finish_reason="stop"),
)
_SEVERAL = Sample(
    body=_answer([_candidate({"text": "Kopf"}, finish="STOP"), _candidate({"text": "Zahl"}, finish="STOP", index=1)]),
    stream=_event(_answer([_candidate({"text": "Ko"})]))
    + _event(_answer([_candidate({"text": "Zahl"}, finish="STOP", index=1)]))
    + _event(_answer([_candidate({"text": "pf"}, finish="STOP")])),
    choices=(
        Choice(parts=(Text("Kopf"),), finish_reason="stop"),
        Choice(index=1, parts=(Text("Zahl"),), finish_reason="stop"),
    ),
)
_FILTERED = _sample(
    "SAFETY", [{"text": "Nun"}], [{"text": "Nun"}], says=Choice(parts=(Text("Nun"),), finish_reason="content_filter")
)


class _Words(msgspec.Struct):
    text: str


class _Content(msgspec.Struct):
    parts: list[_Words]
    role: str = "system"


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct, rename="camel"):
    function_declarations: tuple[_Function, ...] = ()


class _Config(msgspec.Struct, rename="camel", frozen=True):
    max_output_tokens: int | None = None


class _Request(msgspec.Struct, rename="camel"):
    contents: list[_Content]
    system_instruction: _Content | None = None
    tools: tuple[_Tool, ...] = ()
    generation_config: _Config = _Config()


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    path = re.fullmatch(r".*/models/(.+):(generateContent|streamGenerateContent\?alt=sse)", request.target)
    said = [asked.system_instruction] if asked.system_instruction is not None else []
    return Asked(
        model=path.group(1) if path is not None else "",
        messages=tuple((turn.role, "".join(part.text for part in turn.parts)) for turn in [*said, *asked.contents]),
        tools=tuple(function.name for tool in asked.tools for function in tool.function_declarations),
        max_tokens=asked.generation_config.max_output_tokens,
        stream=path is not None and path.group(2) != "generateContent",
    )


def _error(code: int, status: str, message: str, *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


_RPC = "type.googleapis.com/google.rpc."

_MODELS = Listed(
    pages=(
        b'{"models":[{"name":"models/gemini-a","inputTokenLimit":1048576,"outputTokenLimit":65536,"thinking":true,'
        b'"supportedGenerationMethods":["generateContent","countTokens"]}],"nextPageToken":"a+b"}',
        b'{"models":[{"name":"models/vectors","inputTokenLimit":2048,"supportedGenerationMethods":["embedContent"]}]}',
    ),
    cards=(
        ModelCard(
            id="gemini-a",
            operations=("chat", "count_tokens"),
            context_tokens=1_048_576,
            max_output_tokens=65_536,
            reasoning=True,
        ),
        ModelCard(id="vectors", operations=("embeddings",), context_tokens=2048),
    ),
)

GEMINI = Samples(
    dialect="gemini",
    read_back=_read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    more=(_SIGNED, _IDS, _CODE, _SEVERAL, _FILTERED),
    invalid_key=Refused(
        status=400,
        kind="auth",
        body=_error(
            400,
            "INVALID_ARGUMENT",
            f"API key not valid: {KEY}",
            {"@type": f"{_RPC}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"},
        ),
    ),
    rate_limited=Refused(
        status=429,
        kind="rate_limit",
        body=_error(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
            {"@type": f"{_RPC}QuotaFailure", "violations": [{"quotaId": "RequestsPerDay"}]},
            {"@type": f"{_RPC}RetryInfo", "retryDelay": "34.5s"},
        ),
        retry_after=34.5,
    ),
    server_error=Refused(status=503, kind="overloaded", body=_error(503, "UNAVAILABLE", "The model is overloaded.")),
    more_errors=(
        Refused(status=404, kind="not_found", body=_error(404, "NOT_FOUND", "models/x is not found")),
        Refused(
            status=400,
            kind="context_length",
            body=_error(
                400,
                "INVALID_ARGUMENT",
                "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            ),
        ),
        Refused(status=403, kind="permission", body=b"[" + _error(403, "PERMISSION_DENIED", "Not for you.") + b"]"),
        Refused(status=429, kind="quota", body=_error(429, "RESOURCE_EXHAUSTED", "Prepayment credits are depleted.")),
    ),
    broken_stream=BrokenStream(
        stream=_event(_answer([_candidate({"text": "Grüß"})]))
        + _event(_error(503, "UNAVAILABLE", f"no room for {KEY}")),
        kind="overloaded",
    ),
    malformed_event=b'data: {"candidates": [{"content": {"par\n\n',
    no_answer=(
        b'{"candidates":[],"usageMetadata":{"promptTokenCount":3}}',
        b'{"candidates":[{}]}',
        _error(500, "INTERNAL", "no room"),
    ),
    model_list=_MODELS,
    relay_request=b'{ "zz":12345678901234567890123, "contents":[{"parts":[{"text":"Hi","new":[1.50 ,"\\u00e9"]}],'
    b'"role":"user"}]}',
)
