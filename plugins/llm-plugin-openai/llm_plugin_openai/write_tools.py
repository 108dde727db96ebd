"""Tools and the choice among them, from the canonical view to the wire (OpenAI API reference, Chat Completions)."""

from typing import Any

from msgspec import Raw

from llm_plugin_openai.draft import ChatDraft
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.write_parts import cached
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice

Item = dict[str, Any]


def tool_item(tool: Tool, at: str, draft: ChatDraft) -> Item | Raw:
    """One of `tools`. Raises Unsupported for a tool that another provider runs itself."""
    match tool:
        case FunctionTool():
            function = _said(
                name=tool.name, description=tool.description, parameters=tool.parameters, strict=tool.strict
            )
            item: Item = {"type": "function", "function": function}
            return cached(item, tool.cache, draft)
        case CustomTool():
            return {
                "type": "custom",
                "custom": _said(name=tool.name, description=tool.description, format=tool.format),
            }
        case NativeTool():
            if tool.dialect != NAME:
                raise draft.cannot_say(f"{tool.type} tool of {tool.dialect}", at)
            return tool.raw


def choice_item(choice: ToolChoice, tools: tuple[Tool, ...]) -> str | Item:
    """`tool_choice`."""
    if choice.allowed:
        custom = {tool.name for tool in tools if isinstance(tool, CustomTool)}
        refs = [_ref(name, custom=name in custom) for name in choice.allowed]
        mode = "required" if choice.mode in ("required", "named") else choice.mode
        return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": refs}}
    if choice.mode == "named":
        return _ref(choice.name or "", custom=choice.custom)
    return choice.mode


def _ref(name: str, *, custom: bool) -> Item:
    kind = "custom" if custom else "function"
    return {"type": kind, kind: {"name": name}}


def _said(**members: Any) -> Item:
    return {name: value for name, value in members.items() if value is not None}
