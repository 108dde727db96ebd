"""Events that differ from one that was read in their words alone: they need not be read."""

import re

# What JSON (RFC 8259, 7) takes for a string that is not empty, in UTF-8 (RFC 3629) and without lone surrogates.
_WORDS = rb"""(?>
    [\x20\x21\x23-\x5b\x5d-\x7e]+
  | \\["\\/bfnrt]
  | \\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}
  | \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
  | [\xc2-\xdf][\x80-\xbf]
  | \xe0[\xa0-\xbf][\x80-\xbf] | [\xe1-\xec\xee\xef][\x80-\xbf]{2} | \xed[\x80-\x9f][\x80-\xbf]
  | \xf0[\x90-\xbf][\x80-\xbf]{2} | [\xf1-\xf3][\x80-\xbf]{3} | \xf4[\x80-\x8f][\x80-\xbf]{2}
)+"""
_STRING = re.compile(_WORDS, re.VERBOSE).match
_SPOKEN = re.compile(
    rb'(?P<before>[{,]\s*"(?:content|reasoning_content|reasoning|arguments|obfuscation)"\s*:\s*")' + _WORDS + rb'(?=")',
    re.VERBOSE,
)


class Likeness:
    """Of one event in the form `data: {...}`, valid JSON, that brings content and nothing else.

    An event is like it when it is the same, byte by byte, but for the strings of its words. No quote stands in JSON
    unescaped but around a string, so what looks like such a member is one.
    """

    __slots__ = ("_first", "_others")

    def __init__(self, raw: bytes) -> None:
        literals: list[bytes] = []
        at = 0
        for match in _SPOKEN.finditer(raw):
            literals.append(raw[at : match.end("before")])
            at = match.end()
        literals.append(raw[at:])
        self._first, *self._others = literals

    def run(self, data: bytes, at: int) -> int:
        """Where the events like this one end that stand in `data` from `at` on, one behind the other; `at` itself when
        the first is not whole, or another."""
        first, others = self._first, self._others
        while others and data.startswith(first, at):
            place = at + len(first)
            for literal in others:
                words = _STRING(data, place)
                if words is None:
                    return at
                place = words.end()
                if not data.startswith(literal, place):
                    return at
                place += len(literal)
            at = place
        return at


def has_form(raw: bytes, data: bytes) -> bool:
    """One line of data, as nearly all servers write it."""
    return len(raw) == len(data) + 8 and raw.startswith(b"data: ") and raw.endswith(b"\n\n")
