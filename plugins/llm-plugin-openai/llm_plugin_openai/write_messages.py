"""Messages, from the canonical view to the wire (OpenAI API reference, Chat Completions, Create)."""

from typing import Any, cast

from msgspec import Raw

from llm_plugin_openai.draft import ChatDraft
from llm_plugin_openai.pictures import image_item, shows
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import FIELDS, detail_of
from llm_plugin_openai.write_parts import call_item, content_item
from lockgate_ports.parts import Audio, Image, Message, Part, Refusal, Text, Thinking, ToolCall, ToolResult

Item = dict[str, Any]


def message_items(message: Message, at: str, draft: ChatDraft) -> list[Item]:
    """One message on the wire; several where it holds several tool results. Raises Unsupported, naming the field."""
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    items = [_result(result, at, draft) for result in results]
    extra = _own_members(message, at, draft)
    if draft.quirks.strict_messages:
        own = draft.quirks.reasoning_field
        extra = {name: value for name, value in extra.items() if name not in FIELDS or name == own}
    verbatim = any(name in extra for name in FIELDS)
    others: list[Part] = [
        part
        for part in message.parts
        if not isinstance(part, ToolResult) and not (verbatim and isinstance(part, Thinking))
    ]
    if others or not results:
        role = message.role
        item: Item = {"role": "system" if role == "developer" and not draft.quirks.developer_role else role}
        if message.name is not None:
            item["name"] = message.name
        write = _assistant if message.role == "assistant" else _speaker
        write(item, others, at, draft)
        items.append(item)
    items[-1] |= extra
    return items


def _own_members(message: Message, at: str, draft: ChatDraft) -> dict[str, Raw]:
    """What the caller wrote in this dialect goes as it came; thoughts only while the message still holds them."""
    if message.native != NAME:
        for name in message.extra:
            draft.leave_out(f"{at}.{name}")
        return {}
    thinks = any(isinstance(part, Thinking) for part in message.parts)
    return {name: value for name, value in message.extra.items() if thinks or name not in FIELDS}


def _speaker(item: Item, parts: list[Part], at: str, draft: ChatDraft) -> None:
    only_text = item["role"] != "user"
    items: list[Any] = []
    for place, part in enumerate(parts):
        where = f"{at}.content[{place}]"
        if isinstance(part, Thinking | ToolCall) or (only_text and not isinstance(part, Text)):
            raise draft.cannot_say(f"{_named(part)} in a {item['role']} message", where)
        items.append(content_item(part, where, draft))
    item["content"] = _compact(items)


def _assistant(item: Item, parts: list[Part], at: str, draft: ChatDraft) -> None:
    content: list[Any] = []
    calls: list[Item] = []
    refusals: list[str] = []
    for place, part in enumerate(parts):
        where = f"{at}.content[{place}]"
        match part:
            case ToolCall():
                draft.seal(part, where)
                if part.cache is not None:
                    draft.leave_out(f"{where}.cache_control")
                calls.append(call_item(part) | {"id": draft.call_id(part.id)})
            case Refusal():
                refusals.append(part.text)
            case Audio(id=str(audio_id)):
                item["audio"] = {"id": audio_id}
            case Thinking():
                if part.native in (None, NAME):
                    _think(item, content, part, draft)
                else:
                    draft.leave_out("thinking")
            case Image() if (draft.own or draft.quirks.drawn_images) and shows(part):
                images = item.setdefault("images", [])
                images.append(image_item(part, len(images)))
            case _:
                content.append(content_item(part, where, draft, spoken=True))
    if content or not (calls or refusals or "audio" in item or "images" in item):
        item["content"] = _compact(content)
    else:
        item["content"] = None
    if refusals:
        item["refusal"] = "".join(refusals)
    if calls:
        item["tool_calls"] = calls


def _think(item: Item, content: list[Any], part: Thinking, draft: ChatDraft) -> None:
    """Where the server takes thoughts back; one without such a place does without them, as it did when they arose."""
    field = draft.quirks.reasoning_field
    if field is None:
        draft.leave_out("reasoning_content")
        return
    if field == "content":
        thought: Item = {"type": "thinking", "thinking": [{"type": "text", "text": part.text}]}
        content.append(thought if part.signature is None else thought | {"signature": part.signature})
        return
    sealed = part.signature is not None or part.redacted is not None
    if field == "reasoning_details" or (sealed and not draft.quirks.strict_messages):
        item.setdefault("reasoning_details", []).append(detail_of(part))
    if part.text and field != "reasoning_details":
        item[field] = item.get(field, "") + part.text


def _result(result: ToolResult, at: str, draft: ChatDraft) -> Item:
    items: list[Any] = []
    for place, part in enumerate(result.marked):
        where = f"{at}.content[{place}]"
        if not isinstance(part, Text):
            raise draft.cannot_say(f"{_named(part)} in a tool's answer", where)
        items.append(content_item(part, where, draft))
    if result.is_error:
        draft.leave_out(f"{at}.is_error")
    item: Item = {"role": "tool", "tool_call_id": draft.call_id(result.call_id), "content": _compact(items)}
    if result.name is not None and draft.own:
        item["name"] = result.name
    return item


def _compact(items: list[Any]) -> Any:
    """A lone piece of plain text as a string, which every server takes."""
    if not items:
        return ""
    if len(items) == 1 and isinstance(items[0], dict):
        only = cast(Item, items[0])
        if only.keys() == {"type", "text"} and only["type"] == "text":
            return only["text"]
    return items


def _named(part: Part) -> str:
    return type(part).__name__.lower()
