"""Messages, from the canonical view to input items (OpenAI API reference, Responses, input items)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_openai.responses.drawn import drawn_item, shows
from llm_plugin_openai.responses.namespaces import names_of
from llm_plugin_openai.responses.request_wire import NAME, answers_a_tool
from llm_plugin_openai.responses.thoughts import reasoning_item
from llm_plugin_openai.responses.write_parts import Item, ItemDraft, input_part
from lockgate_ports.parts import Image, Message, Native, Part, Refusal, Text, Thinking, ToolCall, ToolResult

_NOTES = msgspec.json.Decoder(list[Raw])


def message_items(message: Message, at: str, draft: ItemDraft) -> list[Item | Raw]:
    """The items of one message, in its order. Raises Unsupported, naming the field."""
    if message.name is not None:
        draft.leave_out(f"{at}.name")
    if message.native != NAME:
        for name in message.unread:
            draft.leave_out(f"{at}.{name}")
    words = message.words
    if message.role == "assistant":
        return _assistant(message, at, draft) if words is None else [_spoken(message, [_output_text(words, [])])]
    if words is not None and message.role != "tool":
        return [{"role": message.role, "content": words}]
    items: list[Item | Raw] = []
    content: list[Item | Raw] = []
    for place, part in enumerate(message.parts):
        where = f"{at}.content[{place}]"
        if isinstance(part, ToolResult):
            items.append(_result(part, at, draft))
        elif isinstance(part, Native) and part.dialect == NAME and answers_a_tool(part.type):
            items.append(part.raw)
        elif isinstance(part, Thinking | ToolCall) or (message.role == "tool"):
            raise draft.cannot_say(f"{type(part).__name__.lower()} in a {message.role} message", where)
        else:
            content.append(input_part(part, where, draft))
    if content or not items:
        items.append({"role": message.role, "content": _compact(content)})
    return items


def call_item(call: ToolCall) -> Item:
    """`function_call` or `custom_tool_call`."""
    if call.custom:
        return {"type": "custom_tool_call", "call_id": call.id, **names_of(call.name), "input": call.arguments}
    return {"type": "function_call", "call_id": call.id, **names_of(call.name), "arguments": call.arguments}


def _assistant(message: Message, at: str, draft: ItemDraft) -> list[Item | Raw]:
    items: list[Item | Raw] = []
    content: list[Item] = []
    thoughts: list[Thinking] = []

    def close(*, thinking: bool = True) -> None:
        if thoughts and thinking:
            items.append(reasoning_item(thoughts))
            thoughts.clear()
        if content:
            items.append(_spoken(message, content.copy()))
            content.clear()

    for place, part in enumerate(message.parts):
        if isinstance(part, Thinking):
            if part.native != NAME and not (draft.own and part.native is None):
                draft.leave_out("thinking")
                continue
            close(thinking=bool(thoughts) and thoughts[-1].id != part.id)
            thoughts.append(part)
        elif isinstance(part, Text | Refusal):
            if thoughts:
                close()
            content.append(_words(part, f"{at}.content[{place}]", draft))
        else:
            close()
            items.append(_act(part, f"{at}.content[{place}]", draft))
    close()
    return items


def _spoken(message: Message, content: list[Item]) -> Item:
    item: Item = {"type": "message", "role": "assistant", "content": content}
    return {**item, **message.extra} if message.native == NAME else item


def _words(part: Text | Refusal, at: str, draft: ItemDraft) -> Item:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    own = draft.notes(part, at, NAME)
    notes = _NOTES.decode(own) if own is not None else []
    return _output_text(part.text, notes)


def _output_text(words: str, notes: list[Raw]) -> Item:
    return {"type": "output_text", "text": words, "annotations": notes}


def _act(part: Part, at: str, draft: ItemDraft) -> Item | Raw:
    match part:
        case ToolCall():
            draft.seal(part, at)
            if part.cache is not None:
                draft.leave_out(f"{at}.cache_control")
            if part.custom:
                draft.custom.add(part.id)
            return call_item(part)
        case Image(id=str(item_id)) if shows(part):
            return drawn_item(part, item_id)
        case Native(dialect=dialect) if dialect == NAME:
            return part.raw
        case Native():
            raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
        case _:
            raise draft.cannot_say(f"{type(part).__name__.lower()} in an assistant message", at)


def _result(result: ToolResult, at: str, draft: ItemDraft) -> Item:
    output = [input_part(part, f"{at}.content[{place}]", draft) for place, part in enumerate(result.marked)]
    if result.is_error:
        draft.leave_out(f"{at}.is_error")
    kind = "custom_tool_call_output" if result.call_id in draft.custom else "function_call_output"
    return {"type": kind, "call_id": result.call_id, "output": _compact(output)}


def _compact(parts: list[Item | Raw]) -> Any:
    """A lone piece of plain text as a string, which every server takes."""
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], dict):
        only = parts[0]
        if only.keys() == {"type", "text"}:
            return only["text"]
    return parts
