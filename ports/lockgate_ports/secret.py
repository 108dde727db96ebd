"""A secret that does not print itself."""

import re
from typing import NoReturn

_TOKEN = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\s\"'<>{}\[\](),;:=\\]{8,}")
"""A word; or an escape, which is passed over so that a blotted JSON string is still one."""
_SHARE = 8


class Secret:
    """Holds a key or token. `reveal()` is the one way to read it; no repr, str, format or pickle shows it."""

    __slots__ = ("_value", "is_bare", "ref")

    def __init__(self, value: str, ref: str = "") -> None:
        self._value = value
        self.is_bare = bool(value) and value.isascii() and value.isprintable() and value == value.strip()
        """It is there, without space around it, a line break or a letter outside ASCII: a header can carry it."""
        self.ref = ref
        """Where it came from (`env:OPENAI_API_KEY`); safe to print."""

    def reveal(self) -> str:
        """The secret itself, for the one place that must send it."""
        return self._value

    def redact(self, text: str) -> str:
        """`text` with the secret, and every word that shows eight characters in a row of it, blotted out."""
        if not self._value:
            return text
        return _TOKEN.sub(self._blot, text.replace(self._value, "[redacted]"))

    def _blot(self, word: re.Match[str]) -> str:
        shown = word.group()
        parts = (shown[at : at + _SHARE] for at in range(len(shown) - _SHARE + 1))
        return "[redacted]" if any(part in self._value for part in parts) else shown

    def __repr__(self) -> str:
        return f"Secret({self.ref!r})"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
