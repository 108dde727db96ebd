"""Deltas of parts as output items: an item ends before the next begins, as OpenAI tells them (OpenAI API reference,
Responses, Streaming events).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_plugin_openai.responses.open_item import OpenItem, Told
from llm_plugin_openai.responses.response_object import same_item, shown
from llm_plugin_openai.responses.write_response import rows_of
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.events import Delta, Start
from lockgate_ports.parts import Part, ToolCall


class ItemsWriter:
    """At most one item is open. Words and thoughts make room for any other part; a call keeps its place until its
    arguments are whole JSON, or to the end where they are free text, and what comes meanwhile is held back."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._open: OpenItem | None = None
        self._folds: dict[int, Accumulator] = {}
        """By part: what it is so far, of the open item and of parts that show nothing yet."""
        self._held: dict[int, list[Delta]] = {}
        self.output: list[Any] = []
        """The items that have ended, whole."""

    def write(self, delta: Delta) -> Told:
        """The events that this delta makes; none while it waits."""
        if self._held and (delta.part in self._held or not self._has(delta.part)):
            self._held.setdefault(delta.part, []).append(delta)
            return []
        if not self._has(delta.part) and not self._may_end():
            self._held[delta.part] = [delta]
            return []
        told = self._say(delta)
        while self._held and self._may_end():
            for each in self._held.pop(next(iter(self._held))):
                told += self._say(each)
        return told

    def close(self, status: str) -> Told:
        """All that was held back, and the end of the last item, with its status."""
        told: Told = []
        for deltas in self._held.values():
            for delta in deltas:
                told += self._say(delta)
        self._held.clear()
        return told + self._end(status)

    def _has(self, part: int) -> bool:
        return self._open is not None and part in self._open.parts

    def _may_end(self) -> bool:
        if self._open is None:
            return True
        part = self._part(self._open.parts[-1])
        if not isinstance(part, ToolCall):
            return True
        if part.custom:
            return False
        try:
            msgspec.json.decode(part.arguments.encode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def _say(self, delta: Delta) -> Told:
        fold = self._folds.get(delta.part)
        if fold is None:
            fold = self._folds[delta.part] = Accumulator()
        fold.add(delta)
        if self._open is not None and delta.part in self._open.parts:
            return self._open.delta(delta)
        part = self._part(delta.part)
        if not shown(part):
            return []
        told: Told = []
        if self._open is None or not same_item(self._part(self._open.parts[-1]), part):
            told = self._end("completed")
            self._open = OpenItem(part, len(self.output), self._start)
            told += self._open.added()
        self._open.parts.append(delta.part)
        return told + self._open.delta(delta)

    def _end(self, status: str) -> Told:
        item, self._open = self._open, None
        if item is None:
            return []
        folds = [self._folds.pop(number) for number in item.parts]
        whole, told = item.done([_part(fold) for fold in folds], status, _logprobs(folds))
        self.output.append(whole)
        return told

    def _part(self, number: int) -> Part:
        return _part(self._folds[number])


def _part(fold: Accumulator) -> Part:
    return fold.response.choices[0].parts[0]


def _logprobs(folds: Sequence[Accumulator]) -> list[Any]:
    return [row for fold in folds for choice in fold.response.choices for row in rows_of(choice.logprobs)]
