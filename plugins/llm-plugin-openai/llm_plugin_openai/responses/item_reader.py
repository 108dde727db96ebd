"""One item of an answer, by deltas or at once, as canonical events; what deltas did not bring comes with its end."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.answer_wire import OUTPUT, WireContent, WireEvent, WireOutput
from llm_plugin_openai.responses.drawn import DRAWN, drawn
from llm_plugin_openai.responses.namespaces import joined
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.thoughts import RAW_TEXT, spaced
from lockgate_ports.events import Event, MediaDelta, NativeDelta, RefusalDelta, TextDelta, ThinkingDelta, ToolCallDelta

_CALLS = ("function_call", "custom_tool_call")


class ItemReader:
    """`fresh` numbers a new part of the answer; `calls` tells that the item is a tool call."""

    def __init__(self, fresh: Callable[[], int]) -> None:
        self._fresh = fresh
        self._parts: dict[tuple[str, int], int] = {}
        self._words: dict[tuple[str, int], str] = {}
        self._notes: set[int] = set()
        self._id: str | None = None
        self._custom = False
        self._done = False
        self.calls = False

    def open(self, item: WireOutput) -> list[Event]:
        """`output_item.added`: a call tells its id and name."""
        self._id = item.id or self._id
        if item.type not in _CALLS or self.calls:
            return []
        self.calls = True
        self._custom = item.type == "custom_tool_call"
        part = self._part(("call", 0))
        return [
            ToolCallDelta(
                part,
                id=item.call_id or item.id,
                name=joined(item.name or "", item.namespace) or None,
                custom=self._custom,
            )
        ]

    def words(self, event: WireEvent) -> list[Event]:
        """A delta of any kind."""
        text = event.delta if isinstance(event.delta, str) else ""
        match event.type:
            case "response.output_text.delta":
                return self._say("text", event.content_index, text, event.logprobs)
            case "response.refusal.delta":
                return self._say("refusal", event.content_index, text)
            case "response.reasoning_summary_text.delta":
                return self._say("summary", event.summary_index, text)
            case "response.reasoning_text.delta":
                return self._say("content", event.content_index, text)
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                return self._say("call", 0, text)
            case _:
                return []

    def note(self, event: WireEvent) -> list[Event]:
        """`output_text.annotation.added`."""
        self._notes.add(event.content_index)
        part = self._part(("text", event.content_index))
        return [TextDelta("", part, annotations=Raw(b"[" + bytes(event.annotation) + b"]"), native=NAME)]

    def finish(self, raw: Raw) -> list[Event]:
        """The whole item: what of it has not been told yet."""
        if self._done:
            return []
        self._done = True
        item = OUTPUT.decode(raw)
        match item.type:
            case "message":
                return [event for place, each in enumerate(item.content or ()) for event in self._rest(each, place)]
            case "reasoning":
                return self._thoughts(item)
            case kind if kind in _CALLS:
                given = item.input if kind == "custom_tool_call" else item.arguments
                text = given if isinstance(given, str) else msgspec.json.encode(given).decode() if given else ""
                return [*self.open(item), *self._missing("call", 0, text)]
            case kind:
                image = drawn(raw) if kind == DRAWN else None
                part = self._fresh()
                return [MediaDelta(image, part) if image is not None else NativeDelta(NAME, kind, raw, part)]

    def _rest(self, content: WireContent, place: int) -> list[Event]:
        if content.refusal is not None:
            return self._missing("refusal", place, content.refusal)
        told = ("text", place) in self._words
        events = self._missing("text", place, content.text or "", None if told else content.logprobs)
        if content.annotations and place not in self._notes:
            notes = Raw(msgspec.json.encode(content.annotations))
            events.append(TextDelta("", self._part(("text", place)), annotations=notes, native=NAME))
        return events

    def _thoughts(self, item: WireOutput) -> list[Event]:
        self._id = item.id or self._id
        events: list[Event] = []
        for place, each in enumerate(item.summary or ()):
            events += self._missing("summary", place, each.text or "")
        for place, each in enumerate(item.content or ()):
            events += self._missing("content", place, each.text or "")
        if item.encrypted_content:
            # with the last piece, or alone where nothing is shown
            part = max(self._parts.values()) if self._parts else self._fresh()
            events.append(ThinkingDelta("", part, redacted=item.encrypted_content, id=self._id, native=NAME))
        return events

    def _missing(self, kind: str, place: int, text: str, logprobs: list[Raw] | None = None) -> list[Event]:
        told = self._words.get((kind, place), "")
        rest = text.removeprefix(told) if text.startswith(told) else ""
        return self._say(kind, place, rest, logprobs) if rest else []

    def _say(self, kind: str, place: int, text: str, logprobs: list[Raw] | None = None) -> list[Event]:
        key = (kind, place)
        first = key not in self._words
        part = self._part(key)
        self._words[key] = self._words.get(key, "") + text
        if kind == "text":
            measured = Raw(msgspec.json.encode({"content": logprobs})) if logprobs else None
            return [TextDelta(text, part, logprobs=measured)]
        if kind == "refusal":
            return [RefusalDelta(text, part)]
        if kind == "call":
            return [ToolCallDelta(part, arguments=text, custom=self._custom)]
        shown = spaced(text, len(self._words) - 1) if first else text
        if kind == "summary":
            return [ThinkingDelta(shown, part, id=self._id)]
        return [ThinkingDelta(shown, part, signature=RAW_TEXT if first else None, id=self._id, native=NAME)]

    def _part(self, key: tuple[str, int]) -> int:
        number = self._parts.get(key)
        if number is None:
            number = self._parts[key] = self._fresh()
        return number
