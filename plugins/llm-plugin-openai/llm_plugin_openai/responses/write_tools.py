"""Tools and the choice among them, from the canonical view to the wire (OpenAI API reference, Responses, Create)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.write_parts import Item, ItemDraft
from lockgate_ports.carried import MEMBERS
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice

_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


def tool_item(tool: Tool, at: str, draft: ItemDraft) -> Item | Raw:
    """One of `tools`. Raises Unsupported for a tool that another provider runs itself."""
    match tool:
        case FunctionTool():
            item = _said(type="function", name=tool.name, description=tool.description, strict=tool.strict)
            item["parameters"] = tool.parameters if tool.parameters is not None else _NO_PARAMETERS
            if tool.strict is None and not draft.own:
                item["strict"] = False  # here a function is strict unless it says otherwise; elsewhere it is not
            if tool.cache:
                draft.leave_out("cache_control")
            return item
        case CustomTool():
            form = _format(tool.format) if tool.format is not None else None
            return _said(type="custom", name=tool.name, description=tool.description, format=form)
        case NativeTool():
            if tool.dialect != NAME:
                raise draft.cannot_say(f"{tool.type} tool of {tool.dialect}", at)
            return tool.raw


def choice_item(choice: ToolChoice, tools: tuple[Tool, ...]) -> str | Item:
    """`tool_choice`."""
    if choice.allowed:
        custom = {tool.name for tool in tools if isinstance(tool, CustomTool)}
        mode = "required" if choice.mode in ("required", "named") else choice.mode
        return {
            "type": "allowed_tools",
            "mode": mode,
            "tools": [_ref(name, custom=name in custom) for name in choice.allowed],
        }
    if choice.mode == "named":
        return _ref(choice.name or "", custom=choice.custom)
    return choice.mode


def _format(raw: Raw) -> Raw:
    members = MEMBERS.decode(raw)
    grammar = members.get("grammar")
    if grammar is None:
        return raw
    return Raw(msgspec.json.encode({"type": members["type"], **MEMBERS.decode(grammar)}))


def _ref(name: str, *, custom: bool) -> Item:
    return {"type": "custom" if custom else "function", "name": name}


def _said(**members: Any) -> Item:
    return {name: value for name, value in members.items() if value is not None}
