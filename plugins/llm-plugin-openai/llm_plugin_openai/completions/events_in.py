"""A stream of the object completion, as canonical events or as it came (OpenAI API reference, Completions)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_openai.completions.logprobs import chat_logprobs
from llm_plugin_openai.completions.wire import ANSWER, WireAnswer, WireChoice
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.finish import native_word, reason_of
from llm_plugin_openai.read_response import text
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Relayed, Skipped, Start, TextDelta, UsageReport
from lockgate_ports.sse import SseEvent, SseParser


class PieceReader:
    """One event of the stream after the other. `relay`: they go on as they came."""

    def __init__(self, *, relay: bool) -> None:
        self._relay = relay
        self._sse = SseParser()
        self._started = False
        self._over = False
        self._finished: set[int] = set()

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return self._take(self._sse.feed(data))

    def end(self) -> Sequence[ReadEvent]:
        """The event that lacked only its blank line."""
        return self._take(self._sse.end())

    def _take(self, arrived: list[SseEvent]) -> Sequence[ReadEvent]:
        return [event for each in arrived for event in self._read(each)]

    def _read(self, event: SseEvent) -> Sequence[ReadEvent]:
        if self._over:
            return []
        data = event.data
        if data.startswith(b"[DONE]"):
            self._over = True
            return []
        try:
            piece = ANSWER.decode(data)
        except msgspec.ValidationError as error:
            if event.event == "error":
                return self._fail(error_inside(data))
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return self._fail(error_inside(data)) if event.event == "error" else [Skipped()]
        if not data.isascii() and utf8_fault(data) is not None:
            return [Skipped()]
        if event.event == "error" or said(piece.error):
            return self._fail(error_inside(data))
        return [self._relayed(event, piece)] if self._relay else self._canonical(piece)

    def _relayed(self, event: SseEvent, piece: WireAnswer) -> Relayed:
        choices = piece.choices or []
        usage = read_usage(piece.usage) if said(piece.usage) else None
        return Relayed(
            event.raw,
            content=any(choice.text for choice in choices),
            finishes=tuple(finish for choice in choices if (finish := self._finish(choice)) is not None),
            usage=usage,
            usage_only=usage is not None and not choices,
        )

    def _canonical(self, piece: WireAnswer) -> list[Event]:
        events: list[Event] = []
        if not self._started:
            self._started = True
            created = int(piece.created) if isinstance(piece.created, int | float) else None
            fingerprint = text(piece.system_fingerprint)
            events.append(Start(text(piece.id), text(piece.model), created, system_fingerprint=fingerprint))
        for choice in piece.choices or ():
            index = choice.index or 0
            if choice.text and index not in self._finished:
                events.append(TextDelta(choice.text, 0, index, chat_logprobs(choice.logprobs)))
            if (finish := self._finish(choice)) is not None:
                events.append(finish)
        if said(piece.usage) and (usage := read_usage(piece.usage)) is not None:
            events.append(UsageReport(usage))
        return events

    def _finish(self, choice: WireChoice) -> Finish | None:
        word, index = native_word(choice.finish_reason), choice.index or 0
        if word is None or index in self._finished:
            return None
        self._finished.add(index)
        return Finish(reason_of(word, calls=False), index, word)

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]
