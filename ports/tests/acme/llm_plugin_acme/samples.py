"""Known answers of `acme-chat`."""

import json

import msgspec

from lockgate_ports.chat import Choice
from lockgate_ports.http import HttpRequest
from lockgate_ports.parts import Text, ToolCall
from lockgate_ports.testkit import ALIAS, KEY, Asked, BrokenStream, Refused, Sample, Samples
from lockgate_ports.usage import Usage


def _stream(*lines: str) -> bytes:
    return "".join(f"data: {line}\n\n" for line in (*lines, "BYE")).encode()


_BEGIN = '{"type":"begin","id":"a1","model":"acme-1","mood":"odd"}'
_WORDS = "Grüße aus 東京 🗼"
_SPENT = '"spent":{"in":21,"out":9}'

_TEXT = Sample(
    body=f'{{"id":"a1","model":"acme-1","mood":"odd","reply":[{{"kind":"text","text":"{_WORDS}"}}],"why":"done",{_SPENT}}}'.encode(),
    stream=_stream(
        _BEGIN,
        '{"type":"text","text":"Grüße aus "}',
        '{"type":"text","text":"東京 🗼"}',
        f'{{"type":"end","why":"done",{_SPENT}}}',
    ),
    choices=(Choice(parts=(Text(_WORDS),), finish_reason="stop"),),
    usage=Usage(input_tokens=21, output_tokens=9),
)
_LENGTH = Sample(
    body=f'{{"id":"a1","model":"acme-1","reply":[{{"kind":"text","text":"Es war"}}],"why":"limit",{_SPENT}}}'.encode(),
    stream=_stream(_BEGIN, '{"type":"text","text":"Es war"}', f'{{"type":"end","why":"limit",{_SPENT}}}'),
    choices=(Choice(parts=(Text("Es war"),), finish_reason="length"),),
    usage=Usage(input_tokens=21, output_tokens=9),
)
_NO_USAGE = Sample(
    body=b'{"id":"a1","model":"acme-1","reply":[{"kind":"text","text":"Ja"}],"why":"done"}',
    stream=_stream(_BEGIN, '{"type":"text","text":"Ja"}', '{"type":"end","why":"done"}'),
    choices=(Choice(parts=(Text("Ja"),), finish_reason="stop"),),
)
_TOOL_CALL = Sample(
    body=b'{"id":"a1","model":"acme-1","reply":[{"kind":"call","id":"c1","name":"weather","input":{"city":"Ulm"}}],'
    b'"why":"tools"}',
    stream=_stream(
        _BEGIN,
        '{"type":"call","slot":0,"id":"c1","name":"weather"}',
        '{"type":"input","slot":0,"piece":"{\\"city\\":"}',
        '{"type":"input","slot":0,"piece":"\\"Ulm\\"}"}',
        '{"type":"end","why":"tools"}',
    ),
    choices=(Choice(parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'),), finish_reason="tool_calls"),),
)
_PARALLEL_TOOLS = Sample(
    body=b'{"id":"a1","model":"acme-1","reply":['
    b'{"kind":"call","id":"c1","name":"weather","input":{"city":"Ulm"}},'
    b'{"kind":"call","id":"c2","name":"weather","input":{"city":"Bern"}}],"why":"tools"}',
    stream=_stream(
        _BEGIN,
        '{"type":"call","slot":0,"id":"c1","name":"weather"}',
        '{"type":"call","slot":1,"id":"c2","name":"weather"}',
        '{"type":"input","slot":1,"piece":"{\\"city\\":"}',
        '{"type":"input","slot":0,"piece":"{\\"city\\":\\"Ulm\\"}"}',
        '{"type":"input","slot":1,"piece":"\\"Bern\\"}"}',
        '{"type":"end","why":"tools"}',
    ),
    choices=(
        Choice(
            parts=(ToolCall("c1", "weather", '{"city":"Ulm"}'), ToolCall("c2", "weather", '{"city":"Bern"}')),
            finish_reason="tool_calls",
        ),
    ),
)


class _Turn(msgspec.Struct):
    who: str
    says: str


class _Request(msgspec.Struct):
    model: str
    turns: list[_Turn]
    tools: tuple[str, ...] = ()
    limit: int | None = None
    live: bool = False


def _read_back(request: HttpRequest) -> Asked:
    asked = msgspec.json.decode(request.body, type=_Request)
    return Asked(
        model=asked.model,
        messages=tuple((turn.who, turn.says) for turn in asked.turns),
        tools=asked.tools,
        max_tokens=asked.limit,
        stream=asked.live,
    )


def _oops(code: str, message: str) -> bytes:
    return json.dumps({"oops": {"code": code, "message": message}}).encode()


ACME_CHAT = Samples(
    dialect="acme-chat",
    read_back=_read_back,
    text=_TEXT,
    length=_LENGTH,
    no_usage=_NO_USAGE,
    tool_call=_TOOL_CALL,
    parallel_tools=_PARALLEL_TOOLS,
    invalid_key=Refused(status=401, kind="auth", body=_oops("bad_key", f'the key "{KEY}" is unknown')),
    rate_limited=Refused(
        status=429,
        kind="rate_limit",
        body=_oops("slow_down", "too many calls"),
        headers=(("content-type", "application/json"), ("retry-after", "7")),
        retry_after=7.0,
    ),
    server_error=Refused(status=503, kind="overloaded", body=_oops("busy", "no room")),
    more_errors=(Refused(status=404, kind="not_found", body=_oops("no_model", "no such model")),),
    broken_stream=BrokenStream(
        stream=_stream(
            _BEGIN,
            '{"type":"text","text":"Grüß"}',
            f'{{"type":"oops","code":"busy","message":"no room for {KEY}"}}',
        ),
        kind="overloaded",
    ),
    malformed_event=b'data: {"type": "te\n\n',
    no_answer=(b'{"id":"a1","reply":[]}', b'{"oops":{"code":"busy","message":"no room"}}'),
    relay_request=b'{ "limit":12345678901234567890123, "zz":[1.50 ,"\\u00e9"], "model":"'
    + ALIAS.encode()
    + b'","turns":[]}',
    stream_end=b"data: BYE\n\n",
)
