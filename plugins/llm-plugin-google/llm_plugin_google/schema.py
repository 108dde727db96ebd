"""JSON Schema rewritten as the OpenAPI schema of older models, where that loses nothing (Gemini API reference, Schema).

`$ref` is put in place, `const` becomes an `enum` of one, a type that may be null becomes `nullable`; what only
describes is left out. What would change the meaning is refused by name.
"""

from typing import Any

import msgspec
from msgspec import Raw

from lockgate_ports.carried import is_dict, is_list
from lockgate_ports.draft import Draft

_KEPT = frozenset(
    (
        *("type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "required"),
        *("minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "default"),
        *("minimum", "maximum", "propertyOrdering"),
    )
)
_DESCRIBES = frozenset(("$schema", "$id", "$comment", "$defs", "definitions", "examples", "deprecated", "readOnly"))

Schema = dict[str, Any]


def openapi_schema(schema: Raw, at: str, draft: Draft) -> Schema:
    """Raises Unsupported, naming `at` and the word."""
    root = _object(msgspec.json.decode(schema), at, draft)
    return _Rewriting(root, draft).rewrite(root, at, ())


class _Rewriting:
    def __init__(self, root: Schema, draft: Draft) -> None:
        self._root = root
        self._draft = draft

    def rewrite(self, schema: Schema, at: str, path: tuple[str, ...]) -> Schema:
        if "$ref" in schema:
            return self._put_in_place(schema, at, path)
        written: Schema = {}
        for name, value in schema.items():
            where = f"{at}.{name}"
            match name:
                case "properties":
                    members = _object(value, where, self._draft)
                    written["properties"] = {
                        key: self._inner(each, f"{where}.{key}", path) for key, each in members.items()
                    }
                case "items":
                    written["items"] = self._inner(value, where, path)
                case "anyOf" if is_list(value):
                    self._choose(written, value, where, path)
                case "allOf" if is_list(value) and len(value) == 1:
                    written |= self._inner(value[0], where, path)
                case "type" if is_list(value):
                    self._types(written, value, where)
                case "const" if isinstance(value, str):
                    written |= {"type": "string", "enum": [value]}
                case "enum" if not is_list(value) or not all(isinstance(each, str) for each in value):
                    raise self._draft.cannot_say("enum of anything but strings with this model", where)
                case "additionalProperties" if isinstance(value, bool):
                    pass  # nothing is added to what is listed
                case _ if name in _KEPT:
                    written[name] = value
                case _ if name not in _DESCRIBES:
                    raise self._draft.cannot_say(f"{name} in a schema with this model", where)
                case _:
                    pass
        return written

    def _inner(self, value: Any, at: str, path: tuple[str, ...]) -> Schema:
        return self.rewrite(_object(value, at, self._draft), at, path)

    def _put_in_place(self, schema: Schema, at: str, path: tuple[str, ...]) -> Schema:
        ref = schema["$ref"]
        if not isinstance(ref, str) or not ref.startswith("#/"):
            raise self._draft.cannot_say("$ref to another document", f"{at}.$ref")
        if ref in path:
            raise self._draft.cannot_say("schema that holds itself with this model", f"{at}.$ref")
        found: Any = self._root
        for step in ref[2:].split("/"):
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if is_dict(found) else None
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return self._inner(found, f"{at}.$ref", (*path, ref)) | self.rewrite(beside, at, path)

    def _choose(self, written: Schema, value: list[Any], at: str, path: tuple[str, ...]) -> None:
        choices = [each for each in value if each != {"type": "null"}]
        if len(choices) < len(value):
            written["nullable"] = True
        rewritten = [self._inner(each, f"{at}[{place}]", path) for place, each in enumerate(choices)]
        if len(rewritten) == 1:
            written |= rewritten[0]
        else:
            written["anyOf"] = rewritten

    def _types(self, written: Schema, types: list[Any], at: str) -> None:
        others = [each for each in types if each != "null"]
        if len(others) != 1:
            raise self._draft.cannot_say("choice of several types with this model", at)
        written["type"] = others[0]
        if len(others) < len(types):
            written["nullable"] = True


def _object(value: Any, at: str, draft: Draft) -> Schema:
    if not is_dict(value):
        raise draft.cannot_say("schema that is no object", at)
    return value
