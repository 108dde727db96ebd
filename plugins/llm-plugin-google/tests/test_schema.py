"""Schemas for models that read no JSON Schema: rewritten where nothing is lost, else refused by name."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw

from lockgate_ports.chat import FunctionTool
from lockgate_ports.errors import Unsupported

Write = Callable[..., tuple[dict[str, Any], tuple[str, ...]]]


def _rewritten(write: Write, schema: dict[str, Any]) -> Any:
    tool = FunctionTool("f", parameters=Raw(json.dumps({"type": "object", "properties": {"a": schema}}).encode()))
    fields, _ = write("gemini-1.5-flash", tools=(tool,))
    return fields["tools"][0]["functionDeclarations"][0]["parameters"]["properties"]["a"]


@pytest.mark.parametrize(
    ("schema", "rewritten"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"const": "x"}, {"type": "string", "enum": ["x"]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        ({"allOf": [{"type": "string"}], "description": "d"}, {"type": "string", "description": "d"}),
        ({"type": "object", "additionalProperties": False, "$comment": "c"}, {"type": "object"}),
        ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "integer"}}),
    ],
)
def test_what_has_another_form_gets_it(write: Write, schema: dict[str, Any], rewritten: dict[str, Any]) -> None:
    assert _rewritten(write, schema) == rewritten


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"patternProperties": {}}, "patternProperties"),
        ({"not": {"type": "string"}}, "not"),
        ({"enum": [1, 2]}, "enum of anything but strings"),
        ({"type": ["string", "integer"]}, "choice of several types"),
        ({"$ref": "https://a.test/b"}, "another document"),
        ({"oneOf": [{"type": "string"}]}, "oneOf"),
    ],
)
def test_what_has_none_is_refused_by_name(write: Write, schema: dict[str, Any], says: str) -> None:
    with pytest.raises(Unsupported, match=says) as caught:
        _rewritten(write, schema)
    assert (caught.value.param or "").startswith("tools[0].function.parameters.properties.a")


def test_references_are_put_in_place_unless_they_never_end(write: Write) -> None:
    def tool(inner: dict[str, Any]) -> FunctionTool:
        schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/n"}}, "$defs": {"n": inner}}
        return FunctionTool("f", parameters=Raw(json.dumps(schema).encode()))

    fields, _ = write("gemini-1.5-pro", tools=(tool({"type": "string"}),))
    assert fields["tools"][0]["functionDeclarations"][0]["parameters"] == {
        "type": "object",
        "properties": {"a": {"type": "string"}},
    }
    with pytest.raises(Unsupported, match="holds itself"):
        write("gemini-1.5-pro", tools=(tool({"type": "array", "items": {"$ref": "#/$defs/n"}}),))
