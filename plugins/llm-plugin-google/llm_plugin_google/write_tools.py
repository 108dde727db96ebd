"""Tools and the choice among them, from the canonical view to the wire (Gemini API reference, Tool and ToolConfig)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_google.models import NAME, generation
from llm_plugin_google.schema import openapi_schema
from lockgate_ports.carried import NULL, said
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice
from lockgate_ports.draft import Draft

Item = dict[str, Any]


class _Shape(msgspec.Struct):
    properties: Raw = NULL


_SHAPE = msgspec.json.Decoder(_Shape)


def tool_items(tools: Sequence[Tool], draft: Draft) -> list[Any]:
    """All functions in one tool, then Google's own tools. Raises Unsupported, naming the field."""
    functions: list[Item] = []
    items: list[Any] = []
    for place, tool in draft.offered(tools, NAME):
        at = f"tools[{place}]"
        match tool:
            case FunctionTool():
                functions.append(_function(tool, at, draft))
            case CustomTool():
                raise draft.cannot_say("custom tools", at)
            case NativeTool(dialect=dialect) if dialect == NAME:
                items.append(tool.raw)
            case NativeTool():
                raise draft.cannot_say(f"tool {tool.type} of {tool.dialect}", at)
    return [{"functionDeclarations": functions}, *items] if functions else items


def choice_item(choice: ToolChoice, draft: Draft) -> Item:
    """`functionCallingConfig`. Raises Unsupported for a custom tool."""
    if choice.custom:
        raise draft.cannot_say("custom tools", "tool_choice")
    match choice.mode:
        case "named":
            return {"mode": "ANY", "allowedFunctionNames": [choice.name or ""]}
        case "required":
            return {"mode": "ANY"} | ({"allowedFunctionNames": list(choice.allowed)} if choice.allowed else {})
        case "none":
            return {"mode": "NONE"}
        case "auto" if choice.allowed:  # the one mode that takes names and leaves the model free
            return {"mode": "VALIDATED", "allowedFunctionNames": list(choice.allowed)}
        case "auto":
            return {"mode": "AUTO"}


def schema_fields(schema: Raw, model: str, at: str, draft: Draft, *, json: str, openapi: str) -> Item:
    """A JSON schema under the name that the model's generation reads: whole for those that take JSON Schema, rewritten
    as an OpenAPI schema for those before 2.0. Raises Unsupported for what has no such form."""
    born = generation(model)
    if born is None or born >= 2:
        return {json: schema}
    return {openapi: openapi_schema(schema, at, draft)}


def _function(tool: FunctionTool, at: str, draft: Draft) -> Item:
    item: Item = {"name": tool.name}
    if tool.description is not None:
        item["description"] = tool.description
    if tool.cache:
        draft.leave_out(f"{at}.cache_control")
    if tool.parameters is None:
        return item
    model = draft.upstream.model
    path = f"{at}.function.parameters"
    if (generation(model) or 2) < 2 and _takes_nothing(tool.parameters):
        return item  # an object without properties is refused there
    return item | schema_fields(tool.parameters, model, path, draft, json="parametersJsonSchema", openapi="parameters")


def _takes_nothing(schema: Raw) -> bool:
    properties = _SHAPE.decode(schema).properties
    return not said(properties) or bytes(properties).strip() in (b"{}", b"{ }")
