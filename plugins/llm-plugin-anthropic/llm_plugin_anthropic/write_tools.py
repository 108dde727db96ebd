"""Tools and the choice among them, from the canonical view to the wire (Anthropic API reference, Messages, Create)."""

from typing import Any

from msgspec import Raw

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.schema import closed
from llm_plugin_anthropic.write_blocks import cached
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.chat import ChatRequest, CustomTool, FunctionTool, NativeTool, Tool, ToolChoice

Item = dict[str, Any]
NOTHING = Raw(b'{"type":"object","properties":{}}')


def tools_of(view: ChatRequest, draft: MessagesDraft) -> list[Item | Raw]:
    """`tools`; of a choice among some, only those. Raises Unsupported for a tool that the API cannot have."""
    allowed = view.tool_choice.allowed if view.tool_choice is not None else ()
    return [
        _tool(tool, f"tools[{place}]", view, draft)
        for place, tool in draft.offered(view.tools, NAME)
        if not allowed or isinstance(tool, NativeTool) or tool.name in allowed
    ]


def choice_of(choice: ToolChoice | None, parallel: bool | None, *, own: bool) -> Item | None:
    """`tool_choice`, which also says whether several tools may be called at once."""
    mode = choice.mode if choice is not None else "auto"
    if mode == "none":
        return {"type": "none"}
    item: Item = {"type": {"auto": "auto", "required": "any", "named": "tool"}[mode]}
    if choice is not None and mode == "named":
        item["name"] = choice.name
    if parallel is False or (parallel is True and own):
        item["disable_parallel_tool_use"] = not parallel
    elif choice is None:
        return None
    return item


def _tool(tool: Tool, at: str, view: ChatRequest, draft: MessagesDraft) -> Item | Raw:
    match tool:
        case FunctionTool():
            item: Item = {"name": tool.name, "input_schema": object_schema(tool.parameters, f"{at}.parameters", draft)}
            if tool.description is not None:
                item["description"] = tool.description
            if tool.strict is not None and _may_be_strict(tool, at, draft):
                item["strict"] = tool.strict
            cached(item, tool.cache)
            prefix = f"tools.{tool.name}."
            if draft.own:
                item |= {
                    name.removeprefix(prefix): each for name, each in view.extra.items() if name.startswith(prefix)
                }
            return item
        case CustomTool():
            raise draft.cannot_say(f"tool {tool.name!r}, which takes free text: tools take a JSON object", at)
        case NativeTool():
            if tool.dialect != NAME:
                raise draft.cannot_say(f"{tool.type} tool of {tool.dialect}", at)
            return tool.raw


def object_schema(parameters: Raw | None, at: str, draft: MessagesDraft) -> Raw | Item:
    """The API wants an object, and wants to be told so."""
    if parameters is None or not said(parameters):
        return NOTHING
    members = MEMBERS.decode(parameters)
    kind = members.get("type")
    if kind is None or not said(kind):
        return {"type": "object", **{name: value for name, value in members.items() if name != "type"}}
    if bytes(kind) != b'"object"' and not draft.own:
        raise draft.cannot_say("schema that is not of an object", f"{at}.type")
    return parameters


def _may_be_strict(tool: FunctionTool, at: str, draft: MessagesDraft) -> bool:
    """`strict: false` is what the API does anyway; models and schemas that it cannot be strict with do without."""
    if draft.own:
        return True
    if not tool.strict:
        return False
    if draft.model.formats and closed(tool.parameters or NOTHING) is not None:
        return True
    return draft.admits(f"{at}.strict")
