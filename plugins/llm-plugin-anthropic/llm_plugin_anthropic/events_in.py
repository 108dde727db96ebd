"""A stream as canonical events (Anthropic API reference, Messages, Streaming)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_anthropic.answer_wire import EVENT, WireEvent, text
from llm_plugin_anthropic.block_reader import BlockReader
from llm_plugin_anthropic.error_in import error_inside
from llm_plugin_anthropic.finish import reason_of
from llm_plugin_anthropic.usage import WireUsage, merged, usage_of
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, ReadEvent, Skipped, Start, UsageReport
from lockgate_ports.sse import SseEvent, SseParser
from lockgate_ports.usage import Usage


class MessageReader:
    """By the grammar of `events.py`: `message_delta` with a `stop_reason` ends the one choice there is."""

    def __init__(self) -> None:
        self._sse = SseParser()
        self._blocks = BlockReader()
        self._wire: WireUsage | None = None
        self._usage: Usage | None = None
        self._started = False
        self._finished = False
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        events: list[ReadEvent] = []
        for each in self._sse.feed(data):
            events += self._read(each)
        return events

    def end(self) -> Sequence[ReadEvent]:
        """What is left when the stream closes; a message without an end stays without."""
        return [event for each in self._sse.end() for event in self._read(each)]

    def _read(self, event: SseEvent) -> Sequence[ReadEvent]:
        data = event.data
        if self._over:
            return []
        if event.event == "error":
            return self._fail(error_inside(data))
        try:
            wire = EVENT.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return [Skipped()]
        except msgspec.ValidationError as error:
            # not an object: no event of this language; an object of another shape may hold what must not be lost
            if not data.lstrip().startswith(b"{"):
                return [Skipped()]
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return [Skipped()]
        if wire.type == "error":
            return self._fail(error_inside(data))
        told = self._event(wire, data)
        if told and not self._started:
            self._started = True
            if not isinstance(told[0], Start):
                told.insert(0, Start())
        return told

    def _event(self, wire: WireEvent, data: bytes) -> list[Event]:
        delta = wire.delta
        match wire.type:
            case "content_block_delta" if delta is not None and not self._finished:
                return self._blocks.delta(wire.index, delta, data)
            case "content_block_start" if wire.content_block is not None and not self._finished:
                return self._blocks.open(wire.index, wire.content_block, data)
            case "content_block_stop" if not self._finished:
                return self._blocks.close(wire.index)
            case "message_start" if wire.message is not None and not self._started:
                start, usage = wire.message, wire.message.usage
                tier = usage.service_tier if usage is not None else None
                return [Start(text(start.id), text(start.model), service_tier=tier), *self._count(usage)]
            case "message_delta":
                word = text(delta.stop_reason) if delta is not None else None
                ends = self._finish(word) if word is not None else []
                return [*ends, *self._count(wire.usage)]
            case "message_stop":
                ends = self._finish(None)
                self._over = True
                return ends
            case _:
                return []

    def _count(self, usage: WireUsage | None) -> list[Event]:
        self._wire = merged(self._wire, usage)
        told = usage_of(self._wire)
        if told is None or told == self._usage:
            return []
        self._usage = told
        return [UsageReport(told)]

    def _finish(self, word: str | None) -> list[Event]:
        if self._finished:
            return []
        self._finished = True
        ends = self._blocks.close_all()
        reason = reason_of(word, calls=self._blocks.calls, answered=self._blocks.answered)
        return [*ends, Finish(reason, native_reason=word)]

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]
