"""Tools and the choice among them, from the wire to the canonical view (OpenAI API reference, Responses, Create)."""

from typing import Literal

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.request_wire import NAME, WireTool, WireToolChoice
from lockgate_ports.carried import MEMBERS, or_none, said
from lockgate_ports.chat import CustomTool, FunctionTool, NativeTool, Tool, ToolChoice

_MODES: dict[str, Literal["auto", "none", "required"]] = {"auto": "auto", "none": "none", "required": "required"}


def tool_of(tool: WireTool, raw: Raw) -> Tool:
    """One of `tools`; `raw` is the same as it came."""
    if tool.type == "function" and tool.name is not None:
        return FunctionTool(tool.name, tool.description, or_none(tool.parameters), tool.strict)
    if tool.type == "custom" and tool.name is not None:
        return CustomTool(tool.name, tool.description, _format(tool.format))
    return NativeTool(NAME, tool.type, raw)


def choice_of(given: str | WireToolChoice | None) -> ToolChoice | None:
    """`tool_choice`; None too for a form that only this dialect knows."""
    if given is None:
        return None
    if isinstance(given, str):
        return ToolChoice(_MODES[given])
    if given.type in ("function", "custom") and given.name is not None:
        return ToolChoice("named", given.name, custom=given.type == "custom")
    if given.type == "allowed_tools" and given.mode in ("auto", "required") and given.tools:
        names = [tool.name for tool in given.tools if tool.name is not None]
        if len(names) == len(given.tools):
            return ToolChoice(_MODES[given.mode], allowed=tuple(names))
    return None


def _format(raw: Raw) -> Raw | None:
    """A grammar is an object of its own in the canonical view, as in Chat Completions; here its members stand flat."""
    if not said(raw):
        return None
    members = MEMBERS.decode(raw)
    if bytes(members.get("type", b"")) != b'"grammar"' or "grammar" in members:
        return raw
    kind = members.pop("type")
    return Raw(msgspec.json.encode({"type": kind, "grammar": members}))
