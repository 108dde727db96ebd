"""Words that arrive in pieces, wrapped at spaces as they do."""

import re
from typing import IO

from rich.cells import cell_len

from lockgate.cli.terminal import shown

_WIDE = "\u2e80-\uffdc\U0001f000-\U0003ffff"
_PIECES = re.compile(rf"\n|[^\S\n]+|[{_WIDE}]|[^\s{_WIDE}]+")
"""A line break, space, a letter of a script that is written without spaces, or a word."""


class Wrapped:
    """Writes to `file` in lines of at most `width` cells, `indent` of them blank; a longer word stands alone."""

    def __init__(self, file: IO[str], width: int, indent: int) -> None:
        self._file = file
        self._width = width
        self._indent = indent
        self._column = 0
        self._gap = ""
        self._word = ""

    def write(self, text: str) -> None:
        """What is complete of it; the last word waits for its end."""
        pieces = _PIECES.findall(self._word + shown(text, self._file))
        self._word = pieces.pop() if pieces and not pieces[-1].isspace() else ""
        for piece in pieces:
            self._put(piece)
        self._file.flush()

    def end(self) -> None:
        """The last word, and the end of its line."""
        if self._word:
            self._put(self._word)
            self._word = ""
        if self._column:
            self._put("\n")
        self._file.flush()

    def _put(self, piece: str) -> None:
        if piece == "\n":
            self._file.write("\n")
            self._column, self._gap = 0, ""
            return
        if piece.isspace():
            self._gap += piece
            return
        size = cell_len(piece)
        if self._column and self._column + cell_len(self._gap) + size > self._width:
            self._put("\n")
        if not self._column:
            self._gap = " " * self._indent + self._gap
        self._file.write(self._gap + piece)
        self._column += cell_len(self._gap) + size
        self._gap = ""
