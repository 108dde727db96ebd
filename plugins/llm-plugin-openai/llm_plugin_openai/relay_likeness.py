"""Events that differ from one that was read in their words alone: they need not be read."""

import re
from collections.abc import Callable
from functools import lru_cache

# What JSON (RFC 8259, 7) takes for a string that is not empty, in UTF-8 (RFC 3629) and without lone surrogates.
_WORDS = rb"""(?>
    [\x20\x21\x23-\x5b\x5d-\x7e]+
  | \\["\\/bfnrt]
  | \\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
  | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
  | [\xc2-\xdf][\x80-\xbf]
  | \xe0[\xa0-\xbf][\x80-\xbf] | [\xe1-\xec\xee\xef][\x80-\xbf]{2} | \xed[\x80-\x9f][\x80-\xbf]
  | \xf0[\x90-\xbf][\x80-\xbf]{2} | [\xf1-\xf3][\x80-\xbf]{3} | \xf4[\x80-\x8f][\x80-\xbf]{2}
)++"""
_SPOKEN = re.compile(
    rb'(?P<before>[{,]\s*"(?:content|reasoning_content|reasoning|arguments|obfuscation)"\s*:\s*")' + _WORDS + rb'(?=")',
    re.VERBOSE,
)
_MOST = 8
"""Strings of an event, of which nobody sends more than three."""
_WINDOW = 16 * 1024
"""Bytes that are looked at in one go."""


class Likeness:
    """Of one event in the form `data: {...}`, valid JSON, that brings content and nothing else.

    An event is like it when it is the same, byte by byte, but for the strings of its words. No quote stands in JSON
    unescaped but around a string, so what looks like such a member is one.
    """

    __slots__ = ("_alike", "_literals")

    def __init__(self, raw: bytes) -> None:
        literals: list[bytes] = []
        at = 0
        for match in _SPOKEN.finditer(raw):
            literals.append(raw[at : match.end("before")])
            at = match.end()
        literals.append(raw[at:])
        strings = len(literals) - 1
        self._alike = _alike(strings if strings <= _MOST else 0)
        # They end with a byte that no JSON holds.
        self._literals = b"".join([literal + b"\0" for literal in literals])

    def run(self, data: bytes, at: int) -> int:
        """Where the events like this one end that stand in `data` from `at` on, one behind the other; `at` itself when
        the first is not whole, or another."""
        match = self._alike(self._literals + data[at : at + _WINDOW])
        return at if match is None else at + match.end() - len(self._literals)


@lru_cache
def _alike(strings: int) -> Callable[[bytes], re.Match[bytes] | None]:
    """Finds, behind the literals of an event with so many strings, the events that are made of them and of words."""
    literals = rb"([^\0]*)\0" * (strings + 1)
    event = rb"\1" + b"".join([rb"%b\%d" % (_WORDS, number + 2) for number in range(strings)])
    return re.compile(rb"%b(?:%b)*+" % (literals, event if strings else rb"(?!)"), re.VERBOSE).match


def has_form(raw: bytes, data: bytes) -> bool:
    """One line of data, as nearly all servers write it."""
    return len(raw) == len(data) + 8 and raw.startswith(b"data: ") and raw.endswith(b"\n\n")
