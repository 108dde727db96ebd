"""Why a plugin was set aside, in one line that tells no secret."""

import re

from lockgate.redaction import BLOT, redact
from lockgate_ports.errors import clip

_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_\-]{20,}")


class Misbehaviour(Exception):
    """A plugin did what no plugin may; the message is the reason that is shown."""


def said(error: BaseException) -> str:
    """The error's type and the first line of its message."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001  the error is a plugin's own class, and so is its __str__
        lines = []
    name = type(error).__name__
    return f"{name}: {without_secrets(lines[0])}" if lines else name


def without_secrets(text: str) -> str:
    """`text` on one line, cut to 200 bytes, without words that look like a key and without a URL's password."""
    return clip(_LONG_WORD.sub(_blot, redact(" ".join(text.split()))))


def _blot(word: re.Match[str]) -> str:
    text = word.group()
    looks_random = any(mark.isdigit() for mark in text) and any(mark.isalpha() for mark in text)
    return BLOT if looks_random else text
