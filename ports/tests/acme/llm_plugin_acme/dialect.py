"""The dialect `acme-chat`: as small as a dialect can be, and unlike any real one."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct, field

from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, FinishReason, FunctionTool
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import ErrorKind, UpstreamError, clip
from lockgate_ports.events import (
    Event,
    Failure,
    Finish,
    Relayed,
    Skipped,
    Start,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.http import NO_HEADERS, Headers, HttpRequest
from lockgate_ports.parts import Part, Text, ToolCall
from lockgate_ports.patch import put, spans
from lockgate_ports.sse import SseParser
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

T = TypeVar("T")
WHY: dict[str, FinishReason] = {"done": "stop", "limit": "length", "tools": "tool_calls"}
KINDS: dict[int, ErrorKind] = {401: "auth", 403: "permission", 404: "not_found", 429: "rate_limit", 503: "overloaded"}


class Spent(Struct, rename={"taken": "in", "given": "out"}):
    taken: int
    given: int


class Oops(Struct):
    code: str = ""
    message: str = ""


class Piece(Struct):
    kind: str
    text: str = ""
    id: str = ""
    name: str = ""
    input: Raw = field(default_factory=lambda: Raw(b"{}"))


class AcmeAnswer(Struct):
    reply: list[Piece]
    id: str | None = None
    model: str | None = None
    why: str | None = None
    spent: Spent | None = None


class Line(Struct):
    type: str
    id: str | None = None
    model: str | None = None
    text: str = ""
    slot: int = 0
    name: str | None = None
    piece: str = ""
    why: str = ""
    code: str = ""
    message: str = ""
    spent: Spent | None = None


class OopsAnswer(Struct):
    oops: Oops


_ANSWER = msgspec.json.Decoder(AcmeAnswer)
_LINE = msgspec.json.Decoder(Line)
_OOPS = msgspec.json.Decoder(OopsAnswer)


class AcmeChat:
    """The side that faces upstreams."""

    name = "acme-chat"
    operation: Operation = "chat"
    event_content_type = "text/event-stream"

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        body: dict[str, Any] = {
            "model": upstream.model,
            "turns": [{"who": message.role, "says": message.text} for message in view.messages],
            "tools": [tool.name for tool in view.tools if isinstance(tool, FunctionTool)],
            "limit": view.max_tokens,
            "live": upstream.stream,
        }
        return self._written(msgspec.json.encode(body), upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        return self._written(put(body, "model", msgspec.json.encode(upstream.model)), upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        answer = self.read_response(body, headers)
        return Glance(answer.model, answer.usage, tuple(choice.finish_reason for choice in answer.choices))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        answer = decoded(_ANSWER, body)
        if not answer.reply:
            raise UpstreamError("the answer is empty", kind="transient")
        choice = Choice(
            parts=tuple(_part(piece) for piece in answer.reply),
            finish_reason=WHY.get(answer.why or ""),
            native_finish_reason=answer.why,
        )
        return ChatResponse(choices=(choice,), id=answer.id, model=answer.model, usage=usage_of(answer.spent))

    def event_reader(self, *, relay: bool) -> EventReader:
        return AcmeReader(relay=relay)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        try:
            oops = _OOPS.decode(body).oops
        except (msgspec.DecodeError, UnicodeDecodeError):
            oops = Oops(message=clip(body.decode("utf-8", "replace"), 120))
        after = headers.get("retry-after")
        return UpstreamError(
            f"answered {status}: {clip(oops.message)}",
            kind=KINDS.get(status, "transient" if status >= 500 else "invalid_request"),
            upstream_status=status,
            upstream_code=oops.code or None,
            upstream_message=oops.message,
            retry_after=float(after) if after else None,
            dialect=self.name,
            body=body,
        )

    def _written(self, body: bytes, upstream: Upstream) -> Written:
        headers = (("content-type", "application/json"), *upstream.headers)
        return Written(HttpRequest("POST", upstream.origin, f"{upstream.prefix}/talk", headers, body, upstream.purpose))


class AcmeReader:
    """One stream. Parts: words are part 0, the call in slot n is part n + 1."""

    def __init__(self, *, relay: bool) -> None:
        self._relay = relay
        self._frames = SseParser()

    def feed(self, data: bytes) -> list[Event]:
        return [event for frame in self._frames.feed(data) for event in self._read(frame.data, frame.raw)]

    def end(self) -> list[Event]:
        return [event for frame in self._frames.end() for event in self._read(frame.data, frame.raw)]

    def _read(self, data: bytes, raw: bytes) -> list[Event]:
        if data == b"BYE":
            return []
        try:
            line = _LINE.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return [Skipped()]
        events = _events(line)
        if not self._relay or any(isinstance(event, Failure) for event in events):
            return events
        finishes = tuple(event for event in events if isinstance(event, Finish))
        return [Relayed(raw, line.type in ("text", "call"), finishes, usage_of(line.spent))]


def _events(line: Line) -> list[Event]:
    match line.type:
        case "begin":
            return [Start(line.id, line.model)]
        case "text":
            return [TextDelta(line.text)]
        case "call":
            return [ToolCallDelta(line.slot + 1, 0, line.id, line.name)]
        case "input":
            return [ToolCallDelta(line.slot + 1, arguments=line.piece)]
        case "end":
            usage = usage_of(line.spent)
            finish = Finish(WHY.get(line.why), 0, line.why)
            return [finish] if usage is None else [finish, UsageReport(usage)]
        case "oops":
            words = f"told of {line.code}: {clip(line.message)}"
            return [Failure(UpstreamError(words, kind="overloaded", upstream_message=line.message))]
        case _:
            return []


def decoded(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """`body` decoded, or an UpstreamError."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UpstreamError("the answer is no acme-chat answer", kind="transient") from None


def usage_of(spent: Spent | None) -> Usage | None:
    """Usage, where it was reported."""
    return None if spent is None else Usage(input_tokens=spent.taken, output_tokens=spent.given)


def fields(body: bytes) -> dict[str, bytes]:
    """The top-level fields of a request."""
    return {name: body[start:stop] for name, (start, stop) in spans(body).items()}


def _part(piece: Piece) -> Part:
    if piece.kind == "call":
        return ToolCall(piece.id, piece.name, bytes(piece.input).decode())
    return Text(piece.text)
