"""JSON schemas as the API's structured outputs take them: objects closed, and few keywords (Anthropic documentation,
Structured outputs, JSON Schema limitations).
"""

from typing import Any, cast

import msgspec
from msgspec import Raw

_PLAIN = frozenset(
    (*("type", "title", "description", "enum", "const", "default", "format", "pattern", "required", "$ref"), "examples")
)
_ONE = ("items",)
_SEVERAL = ("anyOf", "allOf")
_NAMED = ("properties", "$defs", "definitions")


class _Beyond(Exception):
    """The schema says what structured outputs cannot."""


def closed(schema: Raw) -> Raw | None:
    """The schema with every object closed to members it does not name, or None where that would change its meaning or
    where it holds a keyword that is not taken. An answer that fits the closed schema fits the caller's."""
    try:
        said = _closed(msgspec.json.decode(schema))
    except (_Beyond, msgspec.ValidationError):
        return None
    return Raw(msgspec.json.encode(said))


def _closed(schema: Any) -> dict[str, Any]:
    if not isinstance(schema, dict):
        raise _Beyond
    members, told = cast(dict[str, Any], schema), dict[str, Any]()
    for name, value in members.items():
        if name in _PLAIN:
            told[name] = value
        elif name in _ONE:
            told[name] = _closed(value)
        elif name in _SEVERAL:
            told[name] = [_closed(each) for each in msgspec.convert(value, list[Any])]
        elif name in _NAMED and isinstance(value, dict):
            told[name] = {key: _closed(each) for key, each in cast(dict[str, Any], value).items()}
        elif name == "minItems" and value in (0, 1):
            told[name] = value
        elif name not in ("$schema", "$id") and not (name == "additionalProperties" and isinstance(value, bool)):
            raise _Beyond
    if "properties" in told or told.get("type") == "object":
        if not told.get("properties") and members.get("additionalProperties") is not False:
            raise _Beyond  # any object at all; closed, it would be an empty one
        told["additionalProperties"] = False
    return told
