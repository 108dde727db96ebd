"""The rules every stream is held to, whatever its dialect: begun, committed, finished, never cut in silence."""

from collections.abc import Sequence
from typing import cast

from lockgate_core.seen import Seen
from lockgate_ports.chat import FinishReason
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import (
    Delta,
    Event,
    Failure,
    Finish,
    ReadEvent,
    Relayed,
    Skipped,
    Start,
    TextDelta,
    UsageReport,
    is_delta,
)
from lockgate_ports.usage import Usage


class StreamRules:
    """Fed each batch of events. `committed` once the client has something to see; `complete` once every choice that
    was opened has finished."""

    __slots__ = (
        "_open",
        "_started",
        "committed",
        "finished",
        "model",
        "pieces",
        "progress",
        "seen",
        "skipped",
        "sound",
        "usage",
    )

    def __init__(self) -> None:
        self._started = False
        self._open: set[int] = set()
        self.committed = False
        self.finished: dict[int, FinishReason | None] = {}
        """Why, by choice."""
        self.pieces = 0
        """How many events carried content."""
        self.progress = False
        """The last batch moved the stream on."""
        self.sound = 0
        """How many events of the last batch were in order; all, unless `take` raised."""
        self.skipped = 0
        """How many events made no sense and were left out: no word on the rest, and no progress."""
        self.seen = Seen()
        self.usage: Usage | None = None
        self.model: str | None = None

    @property
    def complete(self) -> bool:
        """At least one choice finished, and none is left open."""
        return bool(self.finished) and self._open <= self.finished.keys()

    def take(self, batch: Sequence[ReadEvent]) -> Sequence[Event]:
        """Check and note `batch`; what is handed on of it is returned. Raises its error for a Failure, UpstreamError
        for an event out of place."""
        self.progress = False
        self.sound = 0
        for event in batch:
            if type(event) is Relayed:
                if event.content:
                    self.committed = self.progress = True
                    self.pieces += 1
                    size, seen = len(event.raw), self.seen
                    seen.relayed += 1
                    seen.size += size
                    if size < seen.shortest:
                        seen.shortest = size
                if event.finishes:
                    self.finished.update((finish.choice, finish.reason) for finish in event.finishes)
                    self.committed = self.progress = True
                if event.usage is not None:
                    self.usage = event.usage
            elif type(event) is TextDelta or is_delta(event):
                self._delta(event)
            else:
                self._other(cast("Start | UsageReport | Finish | Failure | Skipped", event))
            self.sound += 1
        return self.shown(batch) if self.skipped else batch  # type: ignore[return-value]

    def shown(self, batch: Sequence[ReadEvent]) -> Sequence[Event]:
        """All of it but what was skipped."""
        return [event for event in batch if not isinstance(event, Skipped)]

    def truncated(self) -> UpstreamError:
        """What to raise when the stream has ended and is not `complete`."""
        seen = "before the answer was finished" if self.committed else "without an answer"
        error = UpstreamError(f"the stream ended {seen}", kind="transient")
        error.code = "upstream_stream_truncated"
        return error

    def _other(self, event: Start | UsageReport | Finish | Failure | Skipped) -> None:
        match event:
            case UsageReport():  # some tell it in every chunk
                self.usage = event.usage
            case Failure(error):
                raise error
            case Start():
                if self._started:
                    raise _misplaced("a second start")
                self._started = True
                self.model = event.model
            case Skipped():
                self.skipped += 1
            case Finish():
                if event.choice in self.finished:
                    raise _misplaced(f"a second finish of choice {event.choice}")
                self.finished[event.choice] = event.reason
                self.committed = self.progress = True

    def _delta(self, event: Delta) -> None:
        if not self._started:
            raise _misplaced("content before the start")
        if event.choice in self.finished:
            raise _misplaced(f"content of choice {event.choice} after its finish")
        self._open.add(event.choice)
        self.committed = self.progress = True
        if type(event) is TextDelta:
            self.seen.letters += len(event.text)
        else:
            self.seen.said(event)
        self.pieces += 1


def _misplaced(what: str) -> UpstreamError:
    return UpstreamError(f"the stream broke the order of events: {what}", kind="transient")
