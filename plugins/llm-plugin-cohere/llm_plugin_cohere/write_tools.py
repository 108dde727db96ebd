"""Tools and the choice among them, from the canonical view to the wire (Cohere API v2, Chat: ToolV2)."""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from llm_plugin_cohere.leaving import leave
from llm_plugin_cohere.names import CHAT
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice
from lockgate_ports.draft import Draft
from lockgate_ports.errors import InvalidRequest

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


def tool_fields(tools: Sequence[Tool], choice: ToolChoice | None, draft: Draft) -> dict[str, Any]:
    """`tools`, `tool_choice` and `strict_tools`. Cohere knows REQUIRED and NONE: a tool that is named, or a set that
    is allowed, is said by offering no other. Raises Unsupported and InvalidRequest, naming the field."""
    offered = _offered(draft.offered(tools, CHAT), choice)
    fields: dict[str, Any] = {}
    if offered:
        fields["tools"] = [_tool(tool, f"tools[{place}]", draft) for place, tool in offered]
        if choice is not None and choice.mode in ("required", "named"):
            fields["tool_choice"] = "REQUIRED"
        elif choice is not None and choice.mode == "none":
            fields["tool_choice"] = "NONE"
    elif choice is not None and choice.mode in ("required", "named"):
        raise InvalidRequest("tool_choice wants a tool to be called, but tools is empty", param="tool_choice")
    functions = [tool for _, tool in offered if isinstance(tool, FunctionTool)]
    if any(tool.strict for tool in functions):
        if all(tool.strict for tool in functions):
            fields["strict_tools"] = True
        else:
            leave(draft, "tools.strict")  # it is for all tools or for none
    return fields


def _offered(numbered: Sequence[tuple[int, Tool]], choice: ToolChoice | None) -> Sequence[tuple[int, Tool]]:
    if choice is None or choice.mode == "none":
        return numbered
    wanted = choice.allowed or ((choice.name or "",) if choice.mode == "named" else ())
    if not wanted:
        return numbered
    offered = [(place, tool) for place, tool in numbered if not isinstance(tool, NativeTool) and tool.name in wanted]
    missing = set(wanted) - {tool.name for _, tool in offered if not isinstance(tool, NativeTool)}
    if missing:
        raise InvalidRequest(f"tool_choice names {sorted(missing)[0]!r}, which is not in tools", param="tool_choice")
    return offered


def _tool(tool: Tool, at: str, draft: Draft) -> dict[str, Any] | Raw:
    match tool:
        case FunctionTool():
            if tool.cache:
                leave(draft, "cache_control")  # Cohere caches by itself and has no place for the wish
            function: dict[str, Any] = {"name": tool.name}
            if tool.description is not None:
                function["description"] = tool.description
            function["parameters"] = tool.parameters if tool.parameters is not None else _NO_PARAMETERS
            return {"type": "function", "function": function}
        case CustomTool():
            raise draft.cannot_say("custom tool; offer a function", at)
        case NativeTool():
            if tool.dialect != CHAT:
                raise draft.cannot_say(f"{tool.type} tool of {tool.dialect}", at)
            return tool.raw
