"""Streams that are handed on: server-sent events by their types, and sound as it comes (OpenAI API reference, Audio
and Images, streaming events)."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.error_out import error_body
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL, said
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import Event, Failure, Finish, Relayed
from lockgate_ports.refusals import unusable
from lockgate_ports.sse import SseEvent, SseParser, sse

SSE = "text/event-stream"
_ENDS = (".done", ".completed")


class _Glance(Struct, gc=False):
    type: str = ""
    error: Raw = NULL
    usage: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Glance)


class EventsReader:
    """`transcript.text.done`, `speech.audio.done`, `image_generation.completed` and the like end an answer."""

    def __init__(self) -> None:
        self._sse = SseParser()

    def feed(self, data: bytes) -> Sequence[Event]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return [self._read(each) for each in self._sse.feed(data)]

    def end(self) -> Sequence[Event]:
        """The event that lacked only its blank line."""
        return [self._read(each) for each in self._sse.end()]

    def _read(self, event: SseEvent) -> Event:
        if event.data.startswith(b"[DONE]"):
            return Relayed(event.raw, finishes=(Finish("stop"),))
        try:
            told = _GLANCE.decode(event.data)
        except BROKEN:
            return Failure(error_inside(event.data)) if event.event == "error" else Relayed(event.raw, content=True)
        if told.type == "error" or event.event == "error" or said(told.error):
            return Failure(error_inside(event.data))
        finishes = (Finish("stop"),) if told.type.endswith(_ENDS) else ()
        usage = read_usage(told.usage) if said(told.usage) else None
        return Relayed(event.raw, content=True, finishes=finishes, usage=usage)


class SoundReader:
    """Every piece as it comes; whether sound is complete only the end of the HTTP answer tells."""

    def __init__(self) -> None:
        self._begun = False

    def feed(self, data: bytes) -> Sequence[Event]:
        """The piece."""
        self._begun = self._begun or bool(data)
        return [Relayed(data, content=True)] if data else []

    def end(self) -> Sequence[Event]:
        """The end of the sound; an error where there was none."""
        return [Relayed(b"", finishes=(Finish("stop"),))] if self._begun else [Failure(unusable("no sound"))]


class PassedWriter:
    """Events as they came; an error of ours as one more event, or by cutting the connection where there are none."""

    def __init__(self, content_type: str) -> None:
        self.content_type = content_type
        self.ping = b": ping\n\n" if content_type == SSE else b""

    def write(self, events: Sequence[Event]) -> bytes:
        """These events."""
        return b"".join(event.raw for event in events if isinstance(event, Relayed))

    def end(self) -> bytes:
        """Nothing: the provider's own end has been told."""
        return b""

    def fail(self, error: LockgateError) -> bytes:
        """An error event. Raises ConnectionAbortedError in a file."""
        if self.content_type != SSE:
            raise ConnectionAbortedError(f"the file is not complete: {error.code}")
        body = error_body(error)
        return sse(msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body, "error")
