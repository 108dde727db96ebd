"""Thoughts that a model writes into its answer, between `<think>` and `</think>` at the beginning, told apart."""

from typing import Literal

_OPEN, _CLOSE = "<think>", "</think>"
Piece = tuple[Literal["thought", "text"], str]


class ThinkTags:
    """`feed` an answer piece by piece. Space around the tags belongs to neither side."""

    def __init__(self) -> None:
        self._held = ""
        self._where: Literal["before", "inside", "between", "after"] = "before"

    def feed(self, text: str) -> list[Piece]:
        """What can be told so far; a beginning that may yet become a tag is held back."""
        if self._where == "after":
            return [("text", text)] if text else []
        self._held += text
        pieces: list[Piece] = []
        if self._where == "before":
            begun = self._held.lstrip()
            if begun.startswith(_OPEN):
                self._where, self._held = "inside", begun.removeprefix(_OPEN)
            elif not _OPEN.startswith(begun):
                self._where = "after"
                return self.flush()
        if self._where == "inside":
            self._inside(pieces)
        if self._where == "between":
            self._held = self._held.lstrip()
            if self._held:
                self._where = "after"
                pieces += self.flush()
        return pieces

    def flush(self) -> list[Piece]:
        """What was held back, when no more can come."""
        held, self._held = self._held, ""
        return [("thought" if self._where == "inside" else "text", held)] if held else []

    def _inside(self, pieces: list[Piece]) -> None:
        thought, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._where, self._held = "between", rest
        else:
            kept = next((n for n in range(len(_CLOSE) - 1, 0, -1) if thought.endswith(_CLOSE[:n])), 0)
            thought, self._held = thought[: len(thought) - kept], thought[len(thought) - kept :]
        if thought:
            pieces.append(("thought", thought))
