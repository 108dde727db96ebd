"""A stream as canonical events (Cohere API v2, Chat, V2ChatStreamResponse)."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from llm_plugin_cohere.answer_wire import EVENT, WireCall, WireDelta, WireEvent, WireItem
from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.finish import failure_of, reason_of
from llm_plugin_cohere.names import CHAT, PLAN
from llm_plugin_cohere.notes import about_text, array, citation_of, logprobs_of
from llm_plugin_cohere.usage import read_chat_usage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import said
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import (
    Event,
    Failure,
    Finish,
    NativeDelta,
    ReadEvent,
    Skipped,
    Start,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageReport,
)
from lockgate_ports.sse import SseEvent, SseParser


class EventsReader:
    """By the grammar of `events.py`; `message-end` brings the end and the usage."""

    def __init__(self) -> None:
        self._sse = SseParser()
        self._numbers: dict[object, int] = {}
        self._texts: list[int] = []
        self._empty: set[int] = set()
        self._calls: set[int] = set()
        self._started = False
        self._over = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return [event for each in self._sse.feed(data) for event in self._read(each)]

    def end(self) -> Sequence[ReadEvent]:
        """The event that lacked only its blank line."""
        return [event for each in self._sse.end() for event in self._read(each)]

    def _read(self, event: SseEvent) -> Sequence[ReadEvent]:
        if self._over or event.data.startswith(b"[DONE]"):
            return []
        try:
            wire = EVENT.decode(event.data)
            event.data.decode()
        except msgspec.ValidationError as error:
            if not event.data.lstrip().startswith(b"{"):
                return [Skipped()]
            return self._fail(UpstreamError(f"sent a stream event of a wrong shape: {error}", kind="transient"))
        except BROKEN:
            return [Skipped()]
        kind = wire.type or event.event
        if isinstance(wire.message, str) and wire.delta is None:
            return self._fail(ERRORS.inside(event.data, CHAT))
        if kind == "message-end":
            return self._end(wire.delta or WireDelta())
        events: list[Event] = []
        if not self._started:
            self._started = True
            events.append(Start(wire.id))
        self._content(kind, wire, events)
        return events

    def _content(self, kind: str, wire: WireEvent, events: list[Event]) -> None:
        message = wire.delta.message if wire.delta is not None else None
        index = wire.index or 0
        if kind == "tool-call-end":
            if index in self._empty:
                events.append(ToolCallDelta(self._number(("call", index)), arguments="{}"))
        elif message is None:
            return
        elif kind in ("content-start", "content-delta"):
            if isinstance(message.content, WireItem):
                self._item(message.content, index, wire, events)
        elif kind == "tool-plan-delta":
            if message.tool_plan:
                events.append(ThinkingDelta(message.tool_plan, self._number("plan"), id=PLAN, native=CHAT))
        elif kind in ("tool-call-start", "tool-call-delta"):
            calls = message.tool_calls
            for place, call in enumerate(calls if isinstance(calls, list) else [calls] if calls is not None else []):
                self._call(call, index + place, events)
        elif kind == "citation-start" and said(message.citations):
            self._cite(message.citations, events)

    def _item(self, item: WireItem, index: int, wire: WireEvent, events: list[Event]) -> None:
        if item.thinking:
            events.append(ThinkingDelta(item.thinking, self._number(("thinking", index)), native=CHAT))
        logprobs = logprobs_of([wire.logprobs]) if wire.logprobs is not None else None
        if item.text or logprobs is not None:
            part = self._number(("text", index))
            if part not in self._texts:
                self._texts.append(part)
            events.append(TextDelta(item.text or "", part, logprobs=logprobs))

    def _call(self, call: WireCall, index: int, events: list[Event]) -> None:
        part = self._number(("call", index))
        function = call.function
        arguments = (function.arguments or "") if function is not None else ""
        if index in self._calls:
            events.append(ToolCallDelta(part, arguments=arguments))
        else:
            self._calls.add(index)
            self._empty.add(index)
            name = (function.name or "") if function is not None else ""
            events.append(ToolCallDelta(part, id=call.id or f"call_{index}", name=name, arguments=arguments))
        if arguments:
            self._empty.discard(index)

    def _cite(self, raw: Raw, events: list[Event]) -> None:
        """With the words it stands for; one of a plan or a thought by itself."""
        citation = citation_of(raw)
        if not self._texts or not about_text(citation):
            events.append(NativeDelta(CHAT, "citation", raw, self._number(object())))
            return
        index = citation.content_index if citation is not None else None
        part = self._numbers.get(("text", index), self._texts[0])
        events.append(TextDelta("", part, annotations=array([raw]), native=CHAT))

    def _end(self, delta: WireDelta) -> list[Event]:
        failed = failure_of(delta.finish_reason, delta.error)
        if failed is not None:
            return self._fail(failed)
        self._over = True
        events: list[Event] = [] if self._started else [Start()]
        events.append(Finish(reason_of(delta.finish_reason, calls=bool(self._calls)), 0, delta.finish_reason))
        usage = read_chat_usage(delta.usage)
        if usage is not None:
            events.append(UsageReport(usage))
        return events

    def _fail(self, error: UpstreamError) -> list[Event]:
        self._over = True
        return [Failure(error)]

    def _number(self, key: object) -> int:
        return self._numbers.setdefault(key, len(self._numbers))
