"""Tools and the choice among them, from the canonical view to the wire (API reference, ToolConfiguration)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.names import DIALECT, IDLE_TOOL
from llm_plugin_bedrock.write_parts import Item, named_tool
from lockgate_ports.answer_tool import ANSWER_TOOL, described
from lockgate_ports.chat import ChatRequest, CustomTool, FunctionTool, NativeTool, ToolChoice
from lockgate_ports.errors import InvalidRequest

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_ANY_OBJECT = Raw(b'{"type":"object","properties":{}}')
_OPEN_OBJECT = Raw(b'{"type":"object","additionalProperties":true}')


def tool_config(view: ChatRequest, draft: ConverseDraft) -> dict[str, Any] | None:
    """`toolConfig`; None where there is nothing to say. Raises Unsupported, naming the field."""
    choice = view.tool_choice
    tools = _offered(view, draft) if choice is None or choice.mode != "none" else []
    answer = _answer_tool(view, draft)
    if answer is not None:
        forced: dict[str, Any] = {"any": {}} if tools else {"tool": {"name": ANSWER_TOOL}}
        named = choice is not None and choice.mode == "named"
        return {"tools": [*tools, answer], "toolChoice": _choice(choice, draft) if named and tools else forced}
    if tools:
        said = _choice(choice, draft) if choice is not None else None
        return {"tools": tools, "toolChoice": said} if said is not None else {"tools": tools}
    return {"tools": [_idle_tool()]} if draft.tool_blocks else None


def _offered(view: ChatRequest, draft: ConverseDraft) -> list[Item]:
    allowed = view.tool_choice.allowed if view.tool_choice is not None else ()
    items: list[Item] = []
    for place, tool in draft.offered(view.tools, DIALECT):
        at = f"tools[{place}]"
        match tool:
            case FunctionTool():
                if allowed and tool.name not in allowed:
                    continue  # what may not be called is not offered
                items.append(_function(tool, at, draft))
                items += draft.cache_point(tool.cache, tools=True)
            case CustomTool():
                raise draft.cannot_say("custom tool", at)
            case NativeTool():
                if tool.dialect != DIALECT:
                    raise draft.cannot_say(f"{tool.type} tool of {tool.dialect}", at)
                items.append(tool.raw)
    return items


def _function(tool: FunctionTool, at: str, draft: ConverseDraft) -> Item:
    spec: dict[str, Any] = {"name": named_tool(tool.name, f"{at}.name", draft)}
    if tool.description:
        spec["description"] = tool.description
    spec["inputSchema"] = {"json": _schema(tool.parameters, f"{at}.parameters")}
    if tool.strict and (not draft.family.by_tool or draft.admits(f"{at}.strict")):
        spec["strict"] = True
    return {"toolSpec": spec}


def _schema(schema: Raw | None, at: str) -> Raw | dict[str, Any]:
    """Bedrock wants `type: object` said; an object is what the arguments of a function are anyway."""
    if schema is None:
        return _ANY_OBJECT
    try:
        members = _MEMBERS.decode(schema)
    except msgspec.DecodeError:
        raise InvalidRequest(f"{at}: a JSON schema must be a JSON object", param=at) from None
    return schema if "type" in members else {"type": "object", **members}


def _choice(choice: ToolChoice | None, draft: ConverseDraft) -> dict[str, Any] | None:
    if choice is None:
        return None
    match choice.mode:
        case "required":
            return {"any": {}}
        case "named":
            return {"tool": {"name": named_tool(choice.name or "", "tool_choice", draft)}}
        case _:
            return {"auto": {}}


def _answer_tool(view: ChatRequest, draft: ConverseDraft) -> Item | None:
    """The tool that stands in for structured output: for families without it, and for JSON without a schema."""
    form = view.response_format
    if form is None or form.type == "text":
        return None
    family = draft.family
    if form.type == "json_object" and not (family.claude or family.nova):
        return None
    if form.type == "json_schema" and not family.by_tool:
        return None
    schema = _schema(form.schema, "response_format.schema") if form.schema is not None else _OPEN_OBJECT
    return {"toolSpec": {"name": ANSWER_TOOL, "description": described(form), "inputSchema": {"json": schema}}}


def _idle_tool() -> Item:
    said = "Not in use. Never call this."
    return {"toolSpec": {"name": IDLE_TOOL, "description": said, "inputSchema": {"json": _ANY_OBJECT}}}
