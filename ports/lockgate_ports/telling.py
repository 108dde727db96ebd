"""Streams that go on as they came and are read all the same, for whoever keeps what they say."""

from collections.abc import Sequence

from msgspec import structs

from lockgate_ports.dialect import ChatProviderDialect, EventReader
from lockgate_ports.errors import LockgateError
from lockgate_ports.events import ReadEvent, Relayed


def event_reader(dialect: ChatProviderDialect, *, relay: bool, tell: bool) -> EventReader:
    """For one stream of the dialect. `relay`: its events go on as they came; `tell`: and are read all the same."""
    reader = dialect.event_reader(relay=relay)
    return TellingReader(reader, dialect.event_reader(relay=False)) if relay and tell else reader


class TellingReader:
    """An EventReader: the events of `relay`, which carry in `told` what `reader` reads in the same bytes."""

    def __init__(self, relay: EventReader, reader: EventReader) -> None:
        self._relay = relay
        self._reader: EventReader | None = reader
        self._untold: list[ReadEvent] = []

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes."""
        if self._reader is not None:
            try:
                self._untold += self._reader.feed(data)
            except LockgateError:
                self._reader = None  # the relay judges what is wrong with the stream
        return self._telling(self._relay.feed(data))

    def end(self) -> Sequence[ReadEvent]:
        """The events that are left, and what is left to tell."""
        if self._reader is not None:
            try:
                self._untold += self._reader.end()
            except LockgateError:
                self._reader = None
        events = self._telling(self._relay.end())
        return [*events, Relayed(b"", told=self._taken())] if self._untold else events

    def _telling(self, events: Sequence[ReadEvent]) -> Sequence[ReadEvent]:
        if not self._untold:
            return events
        for place, event in enumerate(events):
            if isinstance(event, Relayed):
                return [*events[:place], structs.replace(event, told=self._taken()), *events[place + 1 :]]
        return events

    def _taken(self) -> tuple[ReadEvent, ...]:
        taken, self._untold = tuple(self._untold), []
        return taken
