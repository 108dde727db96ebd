"""JSON values that are carried unread (`msgspec.Raw`): what little is asked of them.

`Raw | None` would admit null alone, so a value that may be missing is `Raw = NULL`, and `said` tells whether it is
there.
"""

from typing import Any, TypeGuard

import msgspec
from msgspec import Raw

NULL = Raw(b"null")
STRING = msgspec.json.Decoder(str)
MEMBERS = msgspec.json.Decoder(dict[str, Raw])
ITEMS = msgspec.json.Decoder(list[Raw])
ENCODE = msgspec.json.Encoder().encode

_QUOTE, _BRACE = ord('"'), ord("{")


def said(raw: Raw) -> bool:
    """Whether the value is there at all, and not null."""
    return raw is not NULL and (len(raw) != 4 or bytes(raw) != b"null")


def is_string(raw: Raw) -> bool:
    """By its first byte; nothing is copied."""
    return memoryview(raw)[0] == _QUOTE


def is_object(raw: Raw) -> bool:
    """By its first byte; nothing is copied."""
    return memoryview(raw)[0] == _BRACE


def or_none(raw: Raw) -> Raw | None:
    """The value, with None for null."""
    return raw if said(raw) else None


def items(raw: Raw) -> Raw | None:
    """A JSON array that holds something, or None."""
    return raw if said(raw) and bytes(raw).strip()[1:-1].strip() else None


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether JSON that was decoded whole is a list."""
    return isinstance(value, list)


def is_dict(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether JSON that was decoded whole is an object."""
    return isinstance(value, dict)
