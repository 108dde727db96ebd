"""Messages, from the canonical view to the wire (Cohere API v2, Chat: ChatMessageV2)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_cohere.names import CHAT, PLAN
from llm_plugin_cohere.write_parts import Item, compact, content_item, text_of
from lockgate_ports.draft import Draft
from lockgate_ports.parts import Message, Native, Part, Refusal, Text, Thinking, ToolCall, ToolResult

_ITEMS = msgspec.json.Decoder(list[Raw])


def message_items(message: Message, at: str, draft: Draft) -> list[Item]:
    """One message on the wire; several where it holds several tool results. Raises Unsupported, naming the field."""
    items = [_result(part, at, draft) for part in message.parts if isinstance(part, ToolResult)]
    others = [part for part in message.parts if not isinstance(part, ToolResult)]
    if others or not items:
        items.append(_turn(message, others, at, draft))
    if message.name is not None:
        draft.leave_out(f"{at}.name")
    if message.native == CHAT:
        items[-1] |= message.extra
    else:
        for name in message.unread:
            draft.leave_out(f"{at}.{name}")
    return items


def _turn(message: Message, parts: Sequence[Part], at: str, draft: Draft) -> Item:
    match message.role:
        case "assistant":
            return _assistant(parts, at, draft)
        case "user":
            items = [content_item(part, f"{at}.content[{place}]", draft) for place, part in enumerate(parts)]
            return {"role": "user", "content": compact(items)}
        case "system" | "developer":
            whose = f"a {message.role} message"
            words: list[Item | Raw] = [
                text_of(part, f"{at}.content[{place}]", whose, draft) for place, part in enumerate(parts)
            ]
            return {"role": "system", "content": compact(words)}
        case "tool":
            raise draft.cannot_say("tool message without a tool's result", at)


def _assistant(parts: Sequence[Part], at: str, draft: Draft) -> Item:
    item: Item = {"role": "assistant"}
    content: list[Item | Raw] = []
    calls: list[Item] = []
    citations: list[Raw] = []
    for place, part in enumerate(parts):
        where = f"{at}.content[{place}]"
        match part:
            case ToolCall():
                calls.append(_call(part, where, draft))
            case Thinking():
                _think(item, content, part, draft)
            case Native(dialect=dialect, type="citation") if dialect == CHAT:
                citations.append(part.raw)
            case Native(dialect=dialect) if dialect == CHAT:
                content.append(part.raw)
            case Refusal():
                content.append({"type": "text", "text": part.text})
            case _:
                content.append(text_of(part, where, "an assistant message", draft))
                if isinstance(part, Text) and part.annotations is not None and part.native == CHAT:
                    citations += _ITEMS.decode(part.annotations)
    if content or not (calls or PLAN in item):
        item["content"] = compact(content)
    if calls:
        item["tool_calls"] = calls
    if citations:
        item["citations"] = citations
    return item


def _think(item: Item, content: list[Item | Raw], part: Thinking, draft: Draft) -> None:
    """A plan goes back where it came from. What another vendor signed or sealed means nothing here."""
    if part.native == CHAT and part.id == PLAN:
        item[PLAN] = item.get(PLAN, "") + part.text
    elif part.signature is not None or part.redacted is not None:
        draft.leave_out("thinking")
    elif part.text:
        content.append({"type": "thinking", "thinking": part.text})


def _call(call: ToolCall, at: str, draft: Draft) -> Item:
    if call.custom:
        raise draft.cannot_say("call of a custom tool", at)
    draft.seal(call, at)
    if call.cache is not None:
        draft.leave_out(f"{at}.cache_control")
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _result(result: ToolResult, at: str, draft: Draft) -> Item:
    items: list[Item | Raw] = []
    for place, part in enumerate(result.marked):
        if isinstance(part, Native) and part.dialect == CHAT:
            items.append(part.raw)
        else:
            items.append(text_of(part, f"{at}.content[{place}]", "a tool's answer", draft))
    if result.is_error:
        draft.leave_out(f"{at}.is_error")
    content: Any = compact(items)
    return {"role": "tool", "tool_call_id": result.call_id, "content": content}
