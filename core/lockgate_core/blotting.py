"""Redaction by rules: what is blotted out of prompts and answers before they are kept. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IPV4 = r"\d{1,3}(?:\.\d{1,3}){3}"
_WORD = r"[0-9a-fA-F]{1,4}"
_MORE = f":{_WORD}"
_IPV6 = rf"{_WORD}(?:{_MORE}){{7}}|(?:{_WORD}(?:{_MORE})*)?::(?:{_WORD}(?:{_MORE})*)?"
NAMED: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)++"),
    "phone": re.compile(r"(?<![\w+])(?:\+|00)\d{1,3}[\s./-]?(?:\(\d{1,4}\)[\s./-]?)?\d(?:[\s./-]?\d){5,12}(?!\w)"),
    "card": _CARD,
    "iban": re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b"),
    "ip": re.compile(rf"(?<![\w.:])(?:{_IPV4}|{_IPV6})(?![\w:])(?!\.\d)"),
    "us-ssn": re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])"),
}
"""What has a name. `card` counts only where its check digit is right."""
_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,|[A-Za-z0-9+/_-]{1024}")
_SECRET = re.compile(
    r"(?i)authorization|api[-_]?key|passw|secret|credential|cookie|(?:access|auth|refresh|id)[-_]?token"
)
_BEYOND = 1_024
"""Letters past the end of what is kept that rules still see, so that nothing is cut in two before they do."""
_DEEPEST = 40
_A_NODE = 8

Redact = Callable[[str], str]


def redaction(rules: Sequence[str], otherwise: Redact) -> Redact:
    """What these names and regular expressions blot out; and then what `otherwise` does. Raises re.error."""
    named = [(f"[{rule}]", NAMED[rule]) for rule in rules if rule in NAMED]
    own = [("[redacted]", re.compile(rule)) for rule in rules if rule not in NAMED]

    def redact(text: str) -> str:
        for blot, pattern in (*own, *named):
            text = pattern.sub(_card if pattern is _CARD else blot, text)
        return otherwise(text)

    return redact


class Blotted:
    """A JSON document as it may be kept: redacted, without pictures and sounds, and no longer than `most` letters.
    `cut`: some of it is left out for its length."""

    def __init__(self, redact: Redact, most: int) -> None:
        self._redact = redact
        self._left = most
        self.cut = False

    def text(self, document: Any) -> str:
        """As JSON."""
        return msgspec.json.encode(self._value(document, 0)).decode()

    def _value(self, value: Any, depth: int) -> Any:
        self._left -= _A_NODE
        if isinstance(value, str):
            return self._string(value, depth)
        if isinstance(value, dict | list) and (self._left <= 0 or depth > _DEEPEST):
            self.cut = True
            return None
        if isinstance(value, dict):
            members = cast(dict[str, Any], value)
            return {self._string(name, _DEEPEST): self._member(name, inner, depth) for name, inner in members.items()}
        if isinstance(value, list):
            items: list[Any] = []
            for inner in value:  # pyright: ignore[reportUnknownVariableType]
                if self._left <= 0:
                    self.cut = True
                    break
                items.append(self._value(inner, depth + 1))
            return items
        return value

    def _member(self, name: str, value: Any, depth: int) -> Any:
        # What a client gives a provider to act in its name: the credentials of a tool's server, say.
        if isinstance(value, str) and _SECRET.search(name):
            return "[redacted]"
        return self._value(value, depth + 1)

    def _string(self, text: str, depth: int) -> str:
        if _DATA.match(text):
            return f"[{len(text)} letters of data]"
        if text[:1] in ("{", "[") and depth < _DEEPEST and (inner := _document(text)) is not None:
            # Arguments of tools: an escape in them would hide what a rule looks for.
            return msgspec.json.encode(self._value(inner, depth + 1)).decode()
        left = max(self._left, 0)
        kept = self._redact(text[: left + _BEYOND])
        if len(text) > left + _BEYOND or len(kept) > left:
            self.cut = True
            kept = kept[:left]
        self._left -= len(kept)
        return kept.encode("utf-8", "replace").decode()  # what is no letter (a lone surrogate) cannot be written down


def _document(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _card(match: re.Match[str]) -> str:
    digits = [int(mark) for mark in match.group() if mark.isdigit()]
    doubled = [sum(divmod(digit * 2, 10)) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return "[card]" if sum(doubled) % 10 == 0 else match.group()
