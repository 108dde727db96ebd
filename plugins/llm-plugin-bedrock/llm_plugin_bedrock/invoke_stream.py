"""Streams of InvokeModelWithResponseStream: each frame holds one event of the model's own language (API reference,
InvokeModelWithResponseStream, ResponseStream)."""

from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from llm_plugin_bedrock.error_in import error_in_stream
from llm_plugin_bedrock.event_stream import Frame, FrameParser
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import EventReader
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, ReadEvent

METRICS = "amazon-bedrock-invocationMetrics"
"""The member of a stream's last event that Bedrock adds, in any language."""

Take = Callable[[bytes], Sequence[ReadEvent]]
"""Reads one event of the model's own language."""


class Metrics(Struct, rename="camel", gc=False):
    """What Bedrock has counted by itself."""

    input_token_count: int | None = None
    output_token_count: int | None = None


class _Part(Struct, gc=False):
    bytes: str


class _Typed(Struct, gc=False):
    type: str = ""


_PART = msgspec.json.Decoder(_Part)
_TYPED = msgspec.json.Decoder(_Typed)


class InvokeReader:
    """An EventReader: unwraps each frame and hands what it holds to `take`; a damaged frame ends the stream."""

    def __init__(self, take: Take, end: Callable[[], Sequence[ReadEvent]]) -> None:
        self._frames = FrameParser()
        self._take = take
        self._end = end
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes."""
        events: list[ReadEvent] = []
        if self._over:
            return events
        try:
            for frame in self._frames.feed(data):
                events += self._take(_held(frame))
                if events and isinstance(events[-1], Failure):
                    self._over = True
                    break
        except UpstreamError as error:
            self._over = True
            events.append(Failure(error))
        return events

    def end(self) -> Sequence[ReadEvent]:
        """What the model's language held back."""
        return () if self._over else self._end()


def sse_reader(inner: EventReader, told: Callable[[bytes], bytes]) -> InvokeReader:
    """For a language whose streams are server-sent events elsewhere: `told` frames each event so."""
    return InvokeReader(lambda event: inner.feed(told(event)), inner.end)


def named_sse(event: bytes) -> bytes:
    """An event as Anthropic's API sends it, by its `type`."""
    try:
        kind = _TYPED.decode(event).type
    except BROKEN:
        kind = ""
    return (b"event: %s\n" % kind.encode() if kind.isidentifier() else b"") + plain_sse(event)


def plain_sse(event: bytes) -> bytes:
    """An event without a name. A line break in JSON is space between two tokens."""
    return b"data: %s\n\n" % b" ".join(event.splitlines())


def _held(frame: Frame) -> bytes:
    headers = frame.headers
    kind, name = headers.get(":message-type", "event"), headers.get(":event-type", "")
    if kind != "event" or name.endswith("Exception"):
        code = headers.get(":exception-type") or headers.get(":error-code") or name
        raise error_in_stream(code, headers.get(":error-message"), frame.payload)
    try:
        return a2b_base64(_PART.decode(frame.payload).bytes, strict_mode=True)
    except (*BROKEN, NotBase64):
        raise UpstreamError(f"sent a {name or 'nameless'} event that holds no bytes", kind="transient") from None
