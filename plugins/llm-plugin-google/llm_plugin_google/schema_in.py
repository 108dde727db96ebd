"""Gemini's OpenAPI schema as the JSON Schema that other languages speak (Gemini API reference, Schema)."""

from typing import Any

import msgspec
from msgspec import Raw

from lockgate_ports.carried import is_dict, is_list

_SCHEMAS = ("items", "additionalProperties")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions")
_GOOGLES = ("propertyOrdering", "property_ordering", "nullable", "example")


def json_schema(schema: Raw) -> Raw:
    """Types in lower case, `nullable` as a type; what only Gemini reads is left out, since it only advises."""
    return Raw(msgspec.json.encode(_rewritten(msgspec.json.decode(schema))))


def _rewritten(value: Any) -> Any:
    if not is_dict(value):
        return value
    written: dict[str, Any] = {}
    for name, inner in value.items():
        if name == "type" and isinstance(inner, str):
            written[name] = inner.lower()
        elif name in _SCHEMAS:
            written[name] = _rewritten(inner)
        elif name in _LISTS and is_list(inner):
            written[name] = [_rewritten(each) for each in inner]
        elif name in _MAPS and is_dict(inner):
            written[name] = {key: _rewritten(each) for key, each in inner.items()}
        elif name not in _GOOGLES:
            written[name] = inner
    if value.get("nullable") is True:
        if "type" in written:
            written["type"] = [written["type"], "null"]
        elif is_list(written.get("anyOf")):
            written["anyOf"] = [*written["anyOf"], {"type": "null"}]
    return written
