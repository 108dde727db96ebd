"""One output item while it is being told to a client (OpenAI API reference, Responses, Streaming events)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.namespaces import names_of
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.response_object import item_id_of, item_of, kind_of, new_item
from llm_plugin_openai.responses.thoughts import BREAK, RAW_TEXT
from llm_plugin_openai.responses.write_response import rows_of
from lockgate_ports.events import Event, RefusalDelta, Start, TextDelta, ThinkingDelta, ToolCallDelta
from lockgate_ports.parts import Native, Part, ToolCall
from lockgate_ports.seals import seal_call

Told = list[tuple[str, dict[str, Any]]]
"""Events by type and members, without their sequence numbers."""

_NOTES = msgspec.json.Decoder(list[Raw])
_ARGUMENTS = {"function_call": "function_call_arguments", "custom_tool_call": "custom_tool_call_input"}


class OpenItem:
    """`parts` are the numbers of the canonical parts it holds."""

    def __init__(self, part: Part, index: int, start: Start) -> None:
        self.parts: list[int] = []
        self._first = part
        self._kind = kind_of(part)
        self._index = index
        self._id = item_id_of(part, start, index)
        self._places: dict[int, dict[str, Any]] = {}
        self._raw: set[int] = set()
        self._notes = 0

    def added(self) -> Told:
        """The item is there, and empty."""
        if isinstance(self._first, Native):
            return [("response.output_item.added", {"output_index": self._index, "item": self._first.raw})]
        item = new_item(self._kind or "", self._id)
        if isinstance(self._first, ToolCall):
            item |= {"call_id": seal_call(self._first.id, self._first, NAME), **names_of(self._first.name)}
        return [("response.output_item.added", {"output_index": self._index, "item": item})]

    def delta(self, event: Event) -> Told:
        """More of one of its parts."""
        match event:
            case TextDelta():
                return self._words(event)
            case RefusalDelta():
                told = self._opened(event.part, "content_index", "content_part", {"type": "refusal", "refusal": ""})
                return [*told, ("response.refusal.delta", self._at(event.part) | {"delta": event.text})]
            case ThinkingDelta():
                return self._thought(event) if event.text else []
            case ToolCallDelta() if event.arguments:
                return [(f"response.{_ARGUMENTS[self._kind or '']}.delta", self._at() | {"delta": event.arguments})]
            case _:
                return []

    def done(self, parts: list[Part], status: str, logprobs: list[Raw]) -> tuple[Any, Told]:
        """The whole item, and the events that end it."""
        whole = item_of(parts, self._id, status, logprobs)
        told: Told = []
        if isinstance(whole, dict):
            match self._kind:
                case "message":
                    told = self._message_done(whole["content"])
                case "reasoning":
                    told = self._reasoning_done(whole)
                case "image_generation_call":
                    told = [("response.image_generation_call.completed", self._at())]
                case _:
                    member = "input" if self._kind == "custom_tool_call" else "arguments"
                    fields = self._at() | {"name": whole["name"], member: whole[member]}
                    told = [(f"response.{_ARGUMENTS[self._kind or '']}.done", fields)]
        return whole, [*told, ("response.output_item.done", {"output_index": self._index, "item": whole})]

    def _words(self, event: TextDelta) -> Told:
        empty: dict[str, Any] = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        told = self._opened(event.part, "content_index", "content_part", empty)
        at = self._at(event.part)
        rows = rows_of(event.logprobs)
        if event.text or rows:
            told.append(("response.output_text.delta", at | {"delta": event.text, "logprobs": rows}))
        if event.annotations is not None and event.native == NAME:
            for note in _NOTES.decode(event.annotations):
                fields = at | {"annotation_index": self._notes, "annotation": note}
                told.append(("response.output_text.annotation.added", fields))
                self._notes += 1
        return told

    def _thought(self, event: ThinkingDelta) -> Told:
        first = event.part not in self._places
        text = event.text.removeprefix(BREAK) if first and self._places else event.text
        if event.signature == RAW_TEXT:
            self._raw.add(event.part)
        if event.part in self._raw:
            told = self._opened(event.part, "content_index", "content_part", {"type": RAW_TEXT, "text": ""})
            return [*told, ("response.reasoning_text.delta", self._at(event.part) | {"delta": text})]
        empty = {"type": "summary_text", "text": ""}
        told = self._opened(event.part, "summary_index", "reasoning_summary_part", empty)
        return [*told, ("response.reasoning_summary_text.delta", self._at(event.part) | {"delta": text})]

    def _opened(self, part: int, index: str, event: str, empty: dict[str, Any]) -> Told:
        """The event that opens a piece of the item, the first time."""
        if part in self._places:
            return []
        self._places[part] = {index: sum(index in place for place in self._places.values())}
        return [(f"response.{event}.added", self._at(part) | {"part": empty})]

    def _message_done(self, content: list[dict[str, Any]]) -> Told:
        told: Told = []
        for place, piece in enumerate(content):
            at = self._at() | {"content_index": place}
            if piece["type"] == "refusal":
                told.append(("response.refusal.done", at | {"refusal": piece["refusal"]}))
            else:
                said = {"text": piece["text"], "logprobs": piece["logprobs"]}
                told.append(("response.output_text.done", at | said))
            told.append(("response.content_part.done", at | {"part": piece}))
        return told

    def _reasoning_done(self, whole: dict[str, Any]) -> Told:
        told: Told = []
        for place, piece in enumerate(whole["summary"]):
            at = self._at() | {"summary_index": place}
            told.append(("response.reasoning_summary_text.done", at | {"text": piece["text"]}))
            told.append(("response.reasoning_summary_part.done", at | {"part": piece}))
        for place, piece in enumerate(whole.get("content", ())):
            at = self._at() | {"content_index": place}
            told.append(("response.reasoning_text.done", at | {"text": piece["text"]}))
            told.append(("response.content_part.done", at | {"part": piece}))
        return told

    def _at(self, part: int | None = None) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self._index} | (self._places[part] if part is not None else {})
