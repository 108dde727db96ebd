"""Messages, from the canonical view to the wire (Gemini API reference, Content)."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from msgspec import Raw

from llm_plugin_google.models import NAME, generation
from llm_plugin_google.write_parts import Item, call_item, content_item, result_item
from lockgate_ports.draft import Draft
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import Message, Part, Text, Thinking, ToolCall, ToolResult

_SYSTEM = ("system", "developer")
_UNSIGNED = "skip_thought_signature_validator"
"""What Google's guide to thought signatures says to send for a call that comes from elsewhere and has none."""


def system_item(messages: Sequence[Message], draft: Draft) -> Item | None:
    """`systemInstruction`: what all system and developer messages say, in order. Gemini knows one place for it, so that
    one in the middle is named as left out of its place. Raises Unsupported for anything but words."""
    parts: list[Item | Raw] = []
    begun = False
    for place, message in enumerate(messages):
        if message.role not in _SYSTEM:
            begun = True
            continue
        if begun:
            draft.leave_out(f"messages[{place}].role")
        _leave_out_members(message, place, draft)
        if (words := message.words) is not None:
            parts.append({"text": words})
            continue
        for at, part in enumerate(message.parts):
            where = f"messages[{place}].content[{at}]"
            if not isinstance(part, Text):
                raise draft.cannot_say(f"{type(part).__name__.lower()} in a {message.role} message", where)
            parts.append(content_item(part, where, draft))
    return {"parts": parts} if parts else None


def content_items(messages: Sequence[Message], draft: Draft) -> list[Item]:
    """`contents`: turns of `user` and `model`. The results of calls made in one turn come back in one turn, in the
    order of the calls. Raises Unsupported, naming the field."""
    names: dict[str, str] | None = None
    order: dict[str, int] = {}
    contents: list[Item] = []
    results: list[tuple[int, Item]] = []
    for place, message in enumerate(messages):
        if message.role in _SYSTEM:
            continue
        _leave_out_members(message, place, draft)
        role = "model" if message.role == "assistant" else "user"
        if (words := message.words) is not None:
            # Gemini refuses a turn of nothing, and one of the model's says nothing
            parts: list[Any] = [{"text": words}] if words or role == "user" else []
        else:
            others: list[tuple[str, Part]] = []
            for number, part in enumerate(message.parts):
                if not isinstance(part, ToolResult):
                    others.append((f"messages[{place}].content[{number}]", part))
                    continue
                if names is None:
                    names = _called(messages)
                    order = {call_id: nth for nth, call_id in enumerate(names)}
                at = f"messages[{place}]"
                name = names.get(part.call_id) or part.name
                if name is None:
                    raise InvalidRequest(f"{at} answers {part.call_id[:60]!r}, which no message calls", param=at)
                results.append((order.get(part.call_id, len(order)), result_item(part, name, at, draft)))
            if not others:
                continue
            parts = _parts(others, message, draft)
        _hand_in(contents, results)
        if parts:
            contents.append({"role": role, "parts": parts})
    _hand_in(contents, results)
    if not contents:
        raise draft.cannot_say("requests without a message of the user", "messages")
    return contents


def _called(messages: Sequence[Message]) -> dict[str, str]:
    """The names of what has been called, by the ids of the calls, in their order."""
    return {
        part.id: part.name
        for message in messages
        if message.role == "assistant"
        for part in message.parts
        if isinstance(part, ToolCall)
    }


def _hand_in(contents: list[Item], results: list[tuple[int, Item]]) -> None:
    if results:
        contents.append({"role": "user", "parts": [item for _, item in sorted(results, key=lambda each: each[0])]})
        results.clear()


def _parts(parts: Iterable[tuple[str, Part]], message: Message, draft: Draft) -> list[Any]:
    items: list[Any] = []
    signed = True
    spoken = message.role == "assistant"
    for at, part in parts:
        match part:
            case Thinking() if spoken:
                _think(items, part, at, draft)
            case ToolCall() if spoken:
                item = call_item(part, at, draft)
                # of calls made at once only the first bears a signature
                if signed and "thoughtSignature" not in item and (generation(draft.upstream.model) or 0) >= 3:
                    item["thoughtSignature"] = _UNSIGNED
                signed = False
                items.append(item)
            case Thinking() | ToolCall():
                raise draft.cannot_say(f"{type(part).__name__.lower()} in a {message.role} message", at)
            case Text(text="") if spoken:
                pass  # Gemini refuses a turn of nothing, and it says nothing
            case _:
                items.append(content_item(part, at, draft))
    return items


def _think(items: list[Any], part: Thinking, at: str, draft: Draft) -> None:
    """Gemini's own signatures go back where they stood; thoughts of other models stay out, as do their signatures."""
    if part.native != NAME or part.signature is None:
        if part.native != NAME:
            draft.leave_out("thinking")
        elif part.text:
            items.append({"text": part.text, "thought": True})
        return
    last = items[-1] if items else None
    if part.text:
        items.append({"text": part.text, "thought": True, "thoughtSignature": part.signature})
    elif isinstance(last, dict) and cast(Item, last).keys() in ({"text"}, {"inlineData"}, {"fileData"}):
        cast(Item, last)["thoughtSignature"] = part.signature
    else:
        items.append({"text": "", "thoughtSignature": part.signature})


def _leave_out_members(message: Message, place: int, draft: Draft) -> None:
    if message.name is not None:
        draft.leave_out(f"messages[{place}].name")
    if message.extra:
        for name in message.unread:
            draft.leave_out(f"messages[{place}].{name}")
