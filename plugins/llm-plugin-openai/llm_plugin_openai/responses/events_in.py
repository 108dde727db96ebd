"""A stream as canonical events (OpenAI API reference, Responses, Streaming events)."""

from collections.abc import Sequence

import msgspec

from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.responses.answer_reader import AnswerReader
from llm_plugin_openai.responses.answer_wire import EVENT, OUTPUT, WireEvent, WireResponse
from llm_plugin_openai.responses.read_response import failed, text, usage_of
from llm_plugin_openai.responses.request_wire import NAME
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, ReadEvent, Skipped, Start, UsageReport
from lockgate_ports.sse import SseEvent, SseParser

_ENDS = ("response.completed", "response.incomplete")
_ANNOTATION = "response.output_text.annotation.added"


class EventsReader:
    """By the grammar of `events.py`."""

    def __init__(self) -> None:
        self._sse = SseParser()
        self._answer = AnswerReader()
        self._started = False
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return [event for each in self._sse.feed(data) for event in self._read(each)]

    def end(self) -> Sequence[ReadEvent]:
        """The event that lacked only its blank line."""
        return [event for each in self._sse.end() for event in self._read(each)]

    def _read(self, event: SseEvent) -> Sequence[ReadEvent]:
        data = event.data
        if self._over:
            return []
        try:
            told = EVENT.decode(data)
            if not data.isascii() and utf8_fault(data) is not None:
                return [Skipped()]
            return self._events(told, data)
        except msgspec.ValidationError as error:
            if event.event == "error":
                return self._fail(error_inside(data, NAME))
            if not data.lstrip().startswith(b"{"):
                return [Skipped()]
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return self._fail(error_inside(data, NAME)) if event.event == "error" else [Skipped()]

    def _events(self, told: WireEvent, data: bytes) -> list[Event]:
        if told.type == "error" or said(told.error):
            return self._fail(error_inside(data, NAME))
        begun = self._begin(told.response)
        match told.type:
            case "response.failed" | "response.cancelled":
                return self._fail(failed(told.response or WireResponse()))
            case kind if kind in _ENDS and told.response is not None:
                return begun + self._end(told.response)
            case "response.output_item.added" if said(told.item):
                return begun + self._answer.item(told.output_index).open(OUTPUT.decode(told.item))
            case "response.output_item.done" if said(told.item):
                return begun + self._answer.item(told.output_index).finish(told.item)
            case kind if kind == _ANNOTATION and said(told.annotation):
                return begun + self._answer.item(told.output_index).note(told)
            case _:
                return begun + (self._answer.item(told.output_index).words(told) if told.delta else [])

    def _begin(self, response: WireResponse | None) -> list[Event]:
        """What the first event tells of the whole; `auto` is no tier yet."""
        if self._started:
            return []
        self._started = True
        if response is None:
            return [Start()]
        created = int(response.created_at) if isinstance(response.created_at, int | float) else None
        tier = text(response.service_tier)
        return [Start(text(response.id), text(response.model), created, None if tier == "auto" else tier)]

    def _end(self, response: WireResponse) -> list[Event]:
        self._over = True
        events = [*self._answer.rest(response.output), self._answer.finish(response)]
        usage = usage_of(response)
        return [*events, UsageReport(usage)] if usage is not None else events

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]
