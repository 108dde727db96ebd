"""Messages, from the canonical view to the wire (OpenAI API reference, Chat Completions, Create)."""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from llm_plugin_openai.draft import ChatDraft
from llm_plugin_openai.pictures import image_item, shows
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.reasoning import FIELDS, detail_of
from llm_plugin_openai.shown_by_tools import in_words
from llm_plugin_openai.write_parts import call_item, content_item
from lockgate_ports.parts import Audio, Image, Message, Part, Refusal, Text, Thinking, ToolCall, ToolResult

Item = dict[str, Any]


def conversation(messages: Sequence[Message], draft: ChatDraft) -> list[Item]:
    """`messages`. What tools show stands in a message of the user behind their answers. Raises Unsupported, naming the
    field."""
    items: list[Item] = []
    shown: list[Part] = []
    behind = ""
    for place, message in enumerate(messages):
        words = message.words
        answers = words is None and ToolResult in map(type, message.parts)
        if shown and not answers:
            items += message_items(Message("user", tuple(shown)), behind, draft)
            shown = []
        if words is not None:
            item = _begun(message, draft)
            item["content"] = words
            items.append(item)
            continue
        at = f"messages[{place}]"
        if answers:
            behind = at
            message = in_words(message, at, shown, draft)
        items += message_items(message, at, draft)
    if shown:
        items += message_items(Message("user", tuple(shown)), behind, draft)
    return items


def message_items(message: Message, at: str, draft: ChatDraft) -> list[Item]:
    """One message on the wire; several where it holds several tool results. Raises Unsupported, naming the field."""
    items: list[Item] = []
    others: list[Part] = []
    for part in message.parts:
        if type(part) is ToolResult:
            items.append(_result(part, at, draft))
        else:
            others.append(part)
    extra = _own_members(message, at, draft) if message.extra else {}
    if extra and not extra.keys().isdisjoint(FIELDS):
        others = [part for part in others if not isinstance(part, Thinking)]
    if others or not items:
        item = _begun(message, draft)
        if message.role == "assistant":
            _assistant(item, others, at, draft)
        else:
            _speaker(item, others, at, draft)
        items.append(item)
    if extra:
        items[-1] |= extra
    return items


def _begun(message: Message, draft: ChatDraft) -> Item:
    """Who says it."""
    role = message.role
    if role == "developer" and not draft.quirks.developer_role:
        role = "system"
    return {"role": role} if message.name is None else {"role": role, "name": message.name}


def _own_members(message: Message, at: str, draft: ChatDraft) -> dict[str, Raw]:
    """What the caller wrote in this dialect goes as it came; thoughts only while the message still holds them."""
    if message.native != NAME:
        for name in message.extra:
            draft.leave_out(f"{at}.{name}")
        return {}
    thinks = Thinking in map(type, message.parts)
    extra = {name: value for name, value in message.extra.items() if thinks or name not in FIELDS}
    if draft.quirks.strict_messages:
        own = draft.quirks.reasoning_field
        extra = {name: value for name, value in extra.items() if name not in FIELDS or name == own}
    return extra


def _speaker(item: Item, parts: list[Part], at: str, draft: ChatDraft) -> None:
    only_text = item["role"] != "user"
    items: list[Any] = []
    for place, part in enumerate(parts):
        if type(part) is Text and part.annotations is None and part.cache is None:
            items.append(part.text)
            continue
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
        if type(part) is Text and part.annotations is None and part.cache is None:
            content.append(part.text)
            continue
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
    """As they are sent: a lone piece of plain text as a string, which every server takes, any other in an item."""
    if not items:
        return ""
    if len(items) == 1 and isinstance(items[0], str):
        return items[0]
    return [{"type": "text", "text": item} if isinstance(item, str) else item for item in items]


def _named(part: Part) -> str:
    return type(part).__name__.lower()
