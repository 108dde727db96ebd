"""SseRelay: server-sent events that go on as they came, to a client of the provider's own dialect."""

from collections.abc import Sequence
from typing import Protocol

from lockgate_ports.events import ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent, SseParser


class Glance(Protocol):
    """What a dialect looks at in the events of one stream."""

    over: bool
    """The stream has told its end, or an error: nothing after it counts."""

    def read(self, event: SseEvent) -> ReadEvent | None:
        """What a glance at the event tells: Relayed, Skipped or a Failure; None where it is nothing to hand on."""
        ...


def odd(event: SseEvent) -> Relayed | Skipped:
    """What becomes of an event of another shape: an object is the client's to judge; anything else is no event."""
    return Relayed(event.raw, content=True) if event.data.lstrip().startswith(b"{") else Skipped()


class SseRelay:
    """An EventReader: one event at a time, until `glance` is over."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance
        self._sse = SseParser()

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return self._take(self._sse.feed(data))

    def end(self) -> Sequence[ReadEvent]:
        """The event that lacked only its blank line."""
        return self._take(self._sse.end())

    def _take(self, arrived: list[SseEvent]) -> Sequence[ReadEvent]:
        glance = self._glance
        events: list[ReadEvent] = []
        for each in arrived:
            if glance.over:
                break
            if (event := glance.read(each)) is not None:
                events.append(event)
        return events
