"""A stream as canonical events (Gemini API reference, streamGenerateContent)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_google.answer_reader import AnswerReader
from llm_plugin_google.error_in import error_inside
from llm_plugin_google.frames import Frames
from llm_plugin_google.wire import ANSWER
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, ReadEvent, Skipped


class ChunkReader:
    """Server-sent events or a JSON array, split anywhere."""

    def __init__(self) -> None:
        self._frames = Frames()
        self._answer = AnswerReader()
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return [event for each in self._frames.feed(data) for event in self._read(each)]

    def end(self) -> Sequence[ReadEvent]:
        """What is left when the stream closes; a choice without an end stays without."""
        events = [event for each in self._frames.end() for event in self._read(each)]
        return events if self._over else [*events, *self._answer.finishes()]

    def _read(self, data: bytes) -> Sequence[ReadEvent]:
        if self._over:
            return []
        try:
            answer = ANSWER.decode(data)
        except msgspec.ValidationError as error:
            if data.lstrip().startswith(b"["):
                return self._fail(error_inside(data))
            # not an object: no event of this language; an object of another shape may hold what must not be lost
            if not data.lstrip().startswith(b"{"):
                return [Skipped()]
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return [Skipped()]
        if said(answer.error):
            return self._fail(error_inside(data))
        if utf8_fault(data) is not None:
            return [Skipped()]
        return self._answer.read(answer, data)

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]
