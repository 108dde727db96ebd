"""Tools and the choice among them, from the wire to the canonical view (OpenAI API reference, Chat Completions)."""

from typing import Literal

from msgspec import Raw

from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.request_wire import FunctionDef, Named, WireRequest, WireTool, WireToolChoice
from lockgate_ports.carried import ITEMS, or_none
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice
from lockgate_ports.parts import CacheHint

_MODES: dict[str, Literal["auto", "none", "required"]] = {
    "auto": "auto",
    "none": "none",
    "required": "required",
    "any": "required",  # Mistral's word
}


def tools_of(wire: WireRequest, members: dict[str, Raw]) -> tuple[Tool, ...]:
    """`tools`, and the `functions` of older clients."""
    tools = [_tool(tool, place, members) for place, tool in enumerate(wire.tools or ())]
    tools += [_function(function) for function in wire.functions or ()]
    return tuple(tools)


def choice_of(wire: WireRequest) -> ToolChoice | None:
    """`tool_choice`, or the `function_call` of older clients; None too for a form that only this dialect knows."""
    given = wire.tool_choice if wire.tool_choice is not None else wire.function_call
    match given:
        case None:
            return None
        case str():
            return ToolChoice(_MODES[given]) if given in _MODES else None
        case Named():
            return ToolChoice("named", given.name)
        case WireToolChoice():
            return _object(given)


def _tool(tool: WireTool, place: int, members: dict[str, Raw]) -> Tool:
    if tool.type == "function" and tool.function is not None:
        return _function(
            tool.function, cache=CacheHint(tool.cache_control.ttl) if tool.cache_control is not None else None
        )
    if tool.type == "custom" and tool.custom is not None:
        return CustomTool(tool.custom.name, tool.custom.description, or_none(tool.custom.format))
    return NativeTool(NAME, tool.type, ITEMS.decode(members["tools"])[place])


def _function(function: FunctionDef, *, cache: CacheHint | None = None) -> FunctionTool:
    return FunctionTool(function.name, function.description, or_none(function.parameters), function.strict, cache)


def _object(choice: WireToolChoice) -> ToolChoice | None:
    if choice.type == "function" and choice.function is not None:
        return ToolChoice("named", choice.function.name)
    if choice.type == "custom" and choice.custom is not None:
        return ToolChoice("named", choice.custom.name, custom=True)
    allowed = choice.allowed_tools
    if choice.type == "allowed_tools" and allowed is not None and allowed.mode in ("auto", "required"):
        names = [(tool.function or tool.custom) for tool in allowed.tools]
        if all(names):
            return ToolChoice(_MODES[allowed.mode], allowed=tuple(each.name for each in names if each is not None))
    return None
