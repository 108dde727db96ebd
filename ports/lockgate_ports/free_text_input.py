"""Free text out of the JSON object in which a function takes it, as the pieces come."""

import json
import re
from typing import Any, cast

MEMBER = "input"
"""The one member of the object."""

_HEAD = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LETTERS = re.compile(rf'(?:[^"\\]|{_HIGH}{_LOW}|(?!{_HIGH})\\u[0-9a-fA-F]{{4}}|\\[^u])*')
"""Whole letters of a JSON string; half of a pair of surrogates waits for the other half."""
_HALVES = re.compile(r'(?:[^"\\]|\\u[0-9a-fA-F]{4}|\\[^u])*')
"""The same where no more comes."""
_DECODE = json.JSONDecoder(strict=False).decode
"""Models write line breaks into strings as they are."""


class InputText:
    """Feed the arguments as they come; what of the text they complete comes back. Arguments that are no such object are
    held back to the end."""

    def __init__(self) -> None:
        self._rest = ""
        self._whole = ""
        self._state = "head"

    def feed(self, piece: str) -> str:
        """The text that `piece` completes."""
        self._whole += piece
        if self._state == "head":
            found = _HEAD.match(self._whole)
            if found is None:
                return ""
            self._state, self._rest = "text", self._whole[found.end() :]
        elif self._state == "text":
            self._rest += piece
        else:
            return ""
        self._whole = ""
        return self._take(_LETTERS)

    def end(self) -> str:
        """What is left: all of it where the arguments are no such object."""
        state, self._state = self._state, "end"
        if state == "head":
            return text_of(self._whole)
        return self._take(_HALVES) if state == "text" else ""

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._rest)
        end = found.end() if found is not None else 0
        letters, self._rest = self._rest[:end], self._rest[end:]
        return _sound(_DECODE(f'"{letters}"')) if letters else ""


def text_of(arguments: str) -> str:
    """The text in whole arguments; what a model wrote that is no such object is the text itself."""
    try:
        told: Any = _DECODE(arguments)
    except (ValueError, RecursionError):
        return arguments
    text: Any = cast(dict[str, Any], told).get(MEMBER) if isinstance(told, dict) else told
    return _sound(text) if isinstance(text, str) else arguments


def _sound(text: str) -> str:
    """Half a letter is none."""
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= letter <= "\udfff" for letter in text) else text
