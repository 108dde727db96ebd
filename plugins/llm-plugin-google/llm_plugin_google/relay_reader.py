"""A stream for a client of this very dialect: events go on as they came, and are only glanced at."""

import msgspec

from llm_plugin_google.error_in import error_inside
from llm_plugin_google.finish import ends, reason_of
from llm_plugin_google.glance_wire import GLANCE, SeenCandidate
from llm_plugin_google.usage import merged, read_usage
from llm_plugin_google.wire import WireUsage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import said
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped
from lockgate_ports.sse import SseEvent


class RelayGlance:
    """One `Relayed` an event, with what a glance at it told."""

    def __init__(self) -> None:
        self._calling: set[int] = set()
        self._finished: set[int] = set()
        self._usage: WireUsage | None = None
        self.over = False

    def read(self, event: SseEvent) -> ReadEvent:
        """The event, and what was told by it."""
        try:
            chunk = GLANCE.decode(event.data)
        except msgspec.ValidationError:
            if event.data.lstrip().startswith(b"["):
                return self._fail(event.data)
            # an object of some other shape is the client's to judge; anything else is no event of this language
            return Relayed(event.raw) if event.data.lstrip().startswith(b"{") else Skipped()
        except BROKEN:
            return Skipped()
        if said(chunk.error):
            return self._fail(event.data)
        content = False
        finishes: list[Finish] = []
        for piece in chunk.candidates or ():
            content = self._look(piece, finishes) or content
        feedback = chunk.prompt_feedback
        if feedback is not None and feedback.block_reason and 0 not in self._finished:
            self._finished.add(0)
            finishes.append(Finish("content_filter", 0, feedback.block_reason))
        usage = None
        if chunk.usage_metadata is not None:
            self._usage = merged(self._usage, chunk.usage_metadata)
            usage = read_usage(self._usage)
        return Relayed(event.raw, content, tuple(finishes), usage)

    def _look(self, piece: SeenCandidate, finishes: list[Finish]) -> bool:
        index = piece.index or 0
        parts = (piece.content.parts if piece.content is not None else None) or ()
        if piece.calls:
            self._calling.add(index)
        word = piece.finish_reason
        if ends(word) and index not in self._finished:
            self._finished.add(index)
            finishes.append(Finish(reason_of(word, calls=index in self._calling), index, word))
        return any(part.text != "" for part in parts)

    def _fail(self, data: bytes) -> Event:
        self.over = True
        return Failure(error_inside(data))
