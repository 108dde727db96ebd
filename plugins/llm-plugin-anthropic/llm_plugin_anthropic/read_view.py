"""The canonical view of a request that has passed the check (Anthropic API reference, Messages, Create)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.read_blocks import hint_of, parts_of
from llm_plugin_anthropic.request_wire import WireFormat, WireMessage, WireRequest, WireTool, WireToolChoice
from lockgate_ports.carried import ITEMS, MEMBERS, said
from lockgate_ports.chat import ChatRequest, FunctionTool, NativeTool, Reasoning, ResponseFormat, Tool, ToolChoice
from lockgate_ports.parts import Message, Part, Text, ToolResult

_KNOWN = frozenset(WireRequest.__struct_fields__)
_MESSAGE = frozenset(WireMessage.__struct_fields__)
_TOOL = frozenset(WireTool.__struct_fields__)
_MESSAGES = msgspec.json.Decoder(list[dict[str, Raw]])
TIERS = {"auto": "auto", "standard_only": "default"}
"""Anthropic's `service_tier` and OpenAI's word for the same."""


def view_of(wire: WireRequest, body: bytes) -> ChatRequest:
    """The canonical request, in which only what was said is set."""
    members = MEMBERS.decode(body)
    extra: dict[str, Raw] = {}
    if not _KNOWN.issuperset(members):
        extra = {name: value for name, value in members.items() if name not in _KNOWN}
    messages = (*_system(wire, members), *_messages(wire.messages, members["messages"]))
    told: dict[str, Any] = {"model": wire.model, "messages": messages, "extra": extra, "native": NAME}
    for name in ("max_tokens", "temperature", "top_p", "top_k"):
        if name in members:
            told[name] = getattr(wire, name)
    if wire.thinking is not None or wire.output_config is not None:
        told["reasoning"] = _reasoning(wire)
        _keep(extra, members, "thinking", ("type", "budget_tokens"))
        _keep(extra, members, "output_config", ("effort", "format"))
    if wire.metadata is not None:
        told["user"] = wire.metadata.user_id
        _keep(extra, members, "metadata", ("user_id",))
    if wire.thinking is not None and wire.thinking.type not in ("enabled", "disabled", "adaptive"):
        extra["thinking"] = members["thinking"]
    if wire.tools:
        told["tools"] = tuple(
            [_tool(tool, raw, extra) for tool, raw in zip(wire.tools, _items(members, "tools"), strict=True)]
        )
    if (choice := wire.tool_choice) is not None:
        told["tool_choice"] = asked = _choice(choice)
        if asked is None:
            extra["tool_choice"] = members["tool_choice"]
        if choice.disable_parallel_tool_use is not None:
            told["parallel_tool_calls"] = not choice.disable_parallel_tool_use
    form = (wire.output_config.format if wire.output_config is not None else None) or wire.output_format
    if form is not None:
        told["response_format"] = _format(form)
    if wire.stream:
        told["stream"] = True
    if wire.stop_sequences:
        told["stop"] = tuple(wire.stop_sequences)
    if wire.service_tier is not None:
        told["service_tier"] = TIERS.get(wire.service_tier, wire.service_tier)
    return ChatRequest(**told)


def _keep(extra: dict[str, Raw], members: dict[str, Raw], name: str, known: tuple[str, ...]) -> None:
    """What an object holds beyond the members that have a canonical place."""
    raw = members.get(name)
    if raw is None or not said(raw):
        return
    rest = {member: value for member, value in MEMBERS.decode(raw).items() if member not in known and said(value)}
    if rest:
        # what only tunes a thing (`display`) is nothing without it
        extra[name] = raw if name == "thinking" else Raw(msgspec.json.encode(rest))


def _items(members: dict[str, Raw], name: str) -> list[Raw]:
    raw = members.get(name)
    return ITEMS.decode(raw) if raw is not None and said(raw) else []


def _system(wire: WireRequest, members: dict[str, Raw]) -> list[Message]:
    parts = parts_of(wire.system or None, lambda: ITEMS.decode(members["system"]))
    return [Message("system", tuple(parts))] if parts else []


def _messages(wire: list[WireMessage], raw: Raw) -> list[Message]:
    found: list[Message] = []
    for message, members in zip(wire, _MESSAGES.decode(raw), strict=True):
        content = message.content
        if isinstance(content, str) and _MESSAGE.issuperset(members):
            found.append(Message(message.role, (Text(content),)))
            continue
        extra = {name: value for name, value in members.items() if name not in _MESSAGE}
        parts = parts_of(content, lambda members=members: ITEMS.decode(members["content"]))  # type: ignore[misc]
        native = NAME if extra else None
        if message.role != "user":
            found.append(Message(message.role, tuple(parts), None, extra, native))
            continue
        said: list[Part] = []
        for part in parts:
            if isinstance(part, ToolResult):
                if said:
                    found.append(Message("user", tuple(said)))
                    said = []
                found.append(Message("tool", (part,)))
            else:
                said.append(part)
        if said or extra or not parts:
            found.append(Message("user", tuple(said), None, extra, native))
    return found


def _tool(tool: WireTool, raw: Raw, extra: dict[str, Raw]) -> Tool:
    if tool.type not in (None, "custom") or tool.name is None:
        return NativeTool(NAME, tool.type or "custom", raw)
    for member, value in MEMBERS.decode(raw).items():
        if said(value) and member not in _TOOL:
            extra[f"tools.{tool.name}.{member}"] = value
    schema = tool.input_schema if said(tool.input_schema) else None
    return FunctionTool(tool.name, tool.description, schema, tool.strict, hint_of(tool.cache_control))


def _choice(given: WireToolChoice) -> ToolChoice | None:
    match given.type:
        case "auto":
            return ToolChoice("auto")
        case "any":
            return ToolChoice("required")
        case "none":
            return ToolChoice("none")
        case "tool":
            return ToolChoice("named", given.name)
        case _:
            return None


def _format(form: WireFormat) -> ResponseFormat:
    return ResponseFormat("json_schema", form.schema if said(form.schema) else None)


def _reasoning(wire: WireRequest) -> Reasoning | None:
    told: dict[str, Any] = {}
    if wire.output_config is not None and wire.output_config.effort is not None:
        told["effort"] = wire.output_config.effort
    if wire.thinking is not None:
        told["enabled"] = wire.thinking.type in ("enabled", "adaptive")
        if wire.thinking.type == "enabled":
            told["budget_tokens"] = wire.thinking.budget_tokens
    return Reasoning(**told) if told else None
