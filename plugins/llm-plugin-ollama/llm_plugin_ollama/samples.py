"""Known answers of `ollama-chat` and `ollama-embeddings`, for the contract kit."""

import json
from typing import Any

import msgspec

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, Thinking, ToolCall
from lockgate_ports.testkit import (
    ALIAS,
    KEY,
    Asked,
    BrokenStream,
    Listed,
    OperationAsked,
    OperationSample,
    OperationSamples,
    Refused,
    Sample,
    Samples,
    by_line,
)
from lockgate_ports.usage import Usage

_HEAD = {"model": "sample-1", "created_at": "2026-01-02T03:04:05.123456789Z"}
_SPENT = {"prompt_eval_count": 21, "eval_count": 9, "total_duration": 5000000}
_USAGE = Usage(input_tokens=21, output_tokens=9)
_WORDS = "Grüße aus 東京 🗼"
_VECTORS = ((0.5, -0.25), (0.125, 1.0), (-1.0, 0.0))


def _line(**fields: Any) -> bytes:
    return json.dumps({**_HEAD, **fields}, ensure_ascii=False).encode()


def _body(message: dict[str, Any], spent: dict[str, int], reason: str = "stop") -> bytes:
    return _line(message={"role": "assistant", **message}, done=True, done_reason=reason, **spent)


def _stream(*messages: dict[str, Any], spent: dict[str, int], reason: str = "stop") -> bytes:
    lines = [_line(message={"role": "assistant", "content": "", **message}, done=False) for message in messages]
    lines.append(_body({"content": ""}, spent, reason))
    return b"".join(line + b"\n" for line in lines)


def _sample(
    *pieces: dict[str, Any],
    whole: dict[str, Any],
    said: Choice,
    spent: dict[str, int] = _SPENT,
    reason: str = "stop",
) -> Sample:
    return Sample(
        body=_body(whole, spent, reason),
        stream=_stream(*pieces, spent=spent, reason=reason),
        choices=(said,),
        usage=_USAGE if spent else None,
    )


def _call(city: str, **more: str) -> dict[str, Any]:
    return {"function": {"name": "weather", "arguments": {"city": city}}, **more}


_ULM = {"content": "", "tool_calls": [_call("Ulm")]}
_BOTH = {"content": "", "tool_calls": [_call("Ulm", id="c1"), _call("Bern", id="c2")]}
_THOUGHT = {"content": "4", "thinking": "Two and two."}


class _Message(msgspec.Struct):
    role: str
    content: str


class _Function(msgspec.Struct):
    name: str


class _Tool(msgspec.Struct):
    function: _Function


class _Options(msgspec.Struct, frozen=True):
    num_predict: int | None = None


class _Request(msgspec.Struct):
    model: str
    messages: list[_Message]
    stream: bool
    tools: tuple[_Tool, ...] = ()
    options: _Options = _Options()


class _Embed(msgspec.Struct):
    model: str
    input: tuple[str, ...]
    dimensions: int | None = None


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(bytes(request.body), type=_Request)
    return Asked(
        model=asked.model,
        messages=tuple((message.role, message.content) for message in asked.messages),
        tools=tuple(tool.function.name for tool in asked.tools),
        max_tokens=asked.options.num_predict,
        stream=asked.stream,
    )


def _read_embed(request: HttpRequest) -> OperationAsked:
    asked = msgspec.json.decode(bytes(request.body), type=_Embed)
    return OperationAsked(model=asked.model, texts=asked.input, size=asked.dimensions)


def _error(message: str) -> bytes:
    return json.dumps({"error": message}).encode()


_INVALID_KEY = Refused(status=401, kind="auth", body=_error(f"unauthorized: {KEY}"))
_RATE_LIMITED = Refused(
    status=429,
    kind="rate_limit",
    body=_error("too many concurrent requests"),
    headers=(("content-type", "application/json"), ("retry-after", "7")),
    retry_after=7.0,
)
_BUSY = Refused(status=503, kind="overloaded", body=_error("server busy, please try again"))
_MORE_ERRORS = (
    Refused(status=404, kind="not_found", body=_error("model 'x' not found")),
    Refused(status=400, kind="invalid_request", body=_error("x does not support tools")),
    Refused(status=400, kind="context_length", body=_error("the input length exceeds the context length")),
    Refused(status=500, kind="transient", body=_error("model requires more system memory (6.2 GiB)")),
)

_MODELS = Listed(
    pages=(
        b'{"models":[{"name":"small:latest","size":1},{"name":"old","size":2}]}',
        b'{"capabilities":["completion","tools","vision"],"model_info":{"general.parameter_count":3000000000,'
        b'"llama.context_length":131072}}',
        b'{"details":{"family":"llama"}}',
    ),
    cards=(
        ModelCard(
            id="small:latest",
            operations=("chat",),
            context_tokens=131_072,
            parameters_billions=3.0,
            inputs=("text", "image"),
            tools=True,
            reasoning=False,
        ),
        ModelCard(id="old"),
    ),
)

OLLAMA_CHAT = Samples(
    dialect="ollama-chat",
    read_back=_read_back,
    text=_sample(
        {"content": "Grüße aus "},
        {"content": "東京 🗼"},
        whole={"content": _WORDS},
        said=Choice(parts=(Text(_WORDS),), finish_reason="stop"),
    ),
    length=_sample(
        {"content": "Es war"},
        whole={"content": "Es war"},
        said=Choice(parts=(Text("Es war"),), finish_reason="length"),
        reason="length",
    ),
    no_usage=_sample(
        {"content": "Ja"}, whole={"content": "Ja"}, said=Choice(parts=(Text("Ja"),), finish_reason="stop"), spent={}
    ),
    tool_call=_sample(
        _ULM,
        whole=_ULM,
        said=Choice(parts=(ToolCall("", "weather", '{"city":"Ulm"}'),), finish_reason="tool_calls"),
    ),
    parallel_tools=_sample(
        *({"tool_calls": [call]} for call in _BOTH["tool_calls"]),
        whole=_BOTH,
        said=Choice(
            parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'), ToolCall("c2", "weather", '{"city":"Bern"}')),
            finish_reason="tool_calls",
        ),
    ),
    more=(
        _sample(
            {"thinking": "Two "},
            {"thinking": "and two."},
            {"content": "4"},
            whole=_THOUGHT,
            said=Choice(parts=(Thinking("Two and two."), Text("4")), finish_reason="stop"),
        ),
    ),
    invalid_key=_INVALID_KEY,
    rate_limited=_RATE_LIMITED,
    server_error=_BUSY,
    more_errors=_MORE_ERRORS,
    broken_stream=BrokenStream(
        stream=_line(message={"role": "assistant", "content": "Grüß"}, done=False)
        + b"\n"
        + _error(f"an error was encountered while running the model: {KEY}")
        + b"\n",
        kind="transient",
    ),
    malformed_event=b'{"model":"sample-1","message":{"cont\n',
    no_answer=(_error("no room"), _line(done=True), _line(message={"content": "half"}, done=False)),
    model_list=_MODELS,
    relay_request=b'{ "options":{"seed":12345678901234567890123}, "zz":[1.50 ,"\\u00e9"],"stream":false,"model":"'
    + ALIAS.encode()
    + b'","messages":[{"content":"Hi","role":"user"}]}',
    event_content_type="application/x-ndjson",
    split_events=by_line,
)
OLLAMA_EMBEDDINGS = OperationSamples(
    dialect="ollama-embeddings",
    read_back=_read_embed,
    answer=OperationSample(
        body=json.dumps({"model": "sample-1", "embeddings": _VECTORS, "prompt_eval_count": 8}).encode(),
        said=_VECTORS,
        usage=Usage(input_tokens=8, output_tokens=0),
    ),
    no_usage=OperationSample(body=json.dumps({"model": "sample-1", "embeddings": _VECTORS}).encode(), said=_VECTORS),
    invalid_key=_INVALID_KEY,
    rate_limited=_RATE_LIMITED,
    server_error=_BUSY,
    more_errors=_MORE_ERRORS,
    no_answer=(b'{"model":"sample-1","embeddings":[]}', _error("no room")),
    relay_request=b'{ "zz":[1.50 ,12345678901234567890123],"model":"' + ALIAS.encode() + b'","input":["\\u00e9"]}',
)
