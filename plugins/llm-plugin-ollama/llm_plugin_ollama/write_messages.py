"""Messages, from the canonical view to the wire (Ollama API, Generate a chat completion, `messages`)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_ollama.wire import CHAT
from lockgate_ports.carried import MEMBERS
from lockgate_ports.draft import Draft
from lockgate_ports.parts import (
    Image,
    InlineSource,
    Message,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)

Item = dict[str, Any]


class MessageWriter:
    """Writes messages in order: a tool's answer names the tool, which an earlier call tells."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._names: dict[str, str] = {}

    def items(self, message: Message, at: str) -> list[Item]:
        """One message on the wire; several where it holds several tool results. Raises Unsupported, naming the
        field."""
        items = [self._result(part, at) for part in message.parts if isinstance(part, ToolResult)]
        others = [part for part in message.parts if not isinstance(part, ToolResult)]
        if others or not items:
            items.append(self._turn(message, others, at))
        if message.name is not None:
            self._draft.leave_out(f"{at}.name")
        if message.native == CHAT:
            items[-1] |= message.extra
        else:
            for name in message.unread:
                self._draft.leave_out(f"{at}.{name}")
        return items

    def _turn(self, message: Message, parts: Sequence[Part], at: str) -> Item:
        texts: list[str] = []
        images: list[str] = []
        thoughts: list[str] = []
        calls: list[Item] = []
        for place, part in enumerate(parts):
            where = f"{at}.content[{place}]"
            self._uncached(part)
            match part:
                case Text() | Refusal():
                    if isinstance(part, Text):
                        self._draft.notes(part, where)
                    texts.append(part.text)
                case Image() if message.role == "user":
                    images.append(self._image(part, where))
                case Thinking() if message.role == "assistant":
                    self._think(part, thoughts)
                case ToolCall() if message.role == "assistant":
                    calls.append(self._call(part, where))
                case _:
                    raise self._draft.cannot_say(f"{_named(part)} in a {message.role} message", where)
        item: Item = {"role": "system" if message.role == "developer" else message.role, "content": "\n".join(texts)}
        if thoughts:
            item["thinking"] = "".join(thoughts)
        if images:
            item["images"] = images
        if calls:
            item["tool_calls"] = calls
        return item

    def _image(self, image: Image, at: str) -> str:
        if image.detail is not None:
            self._draft.leave_out(f"{at}.detail")
        if not isinstance(image.source, InlineSource):
            raise self._draft.cannot_say("image by its address; send its bytes", at)
        return image.source.data

    def _think(self, part: Thinking, thoughts: list[str]) -> None:
        """What another vendor signed or sealed means nothing here."""
        if part.signature is not None or part.redacted is not None:
            self._draft.leave_out("thinking")
        else:
            thoughts.append(part.text)

    def _call(self, call: ToolCall, at: str) -> Item:
        if call.custom:
            raise self._draft.cannot_say("call of a custom tool", at)
        arguments = Raw((call.arguments or "{}").encode("utf-8", "replace"))
        try:
            MEMBERS.decode(arguments)
        except msgspec.DecodeError:
            raise self._draft.cannot_say("tool call whose arguments are no JSON object", at) from None
        self._draft.seal(call, at)
        self._names[call.id] = call.name
        return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}

    def _uncached(self, part: Part) -> None:
        if getattr(part, "cache", None) is not None:
            self._draft.leave_out("cache_control")

    def _result(self, result: ToolResult, at: str) -> Item:
        texts: list[str] = []
        images: list[str] = []
        for place, part in enumerate(result.marked):
            where = f"{at}.content[{place}]"
            self._uncached(part)
            if isinstance(part, Image):
                images.append(self._image(part, where))
            elif isinstance(part, Text):
                texts.append(part.text)
            else:
                raise self._draft.cannot_say(f"{_named(part)} in a tool's answer", where)
        if result.is_error:
            self._draft.leave_out(f"{at}.is_error")
        item: Item = {"role": "tool", "content": "\n".join(texts), "tool_call_id": result.call_id}
        name = result.name or self._names.get(result.call_id)
        if name is not None:
            item["tool_name"] = name
        if images:
            item["images"] = images
        return item


def _named(part: Part) -> str:
    return f"{part.type} part of {part.dialect}" if isinstance(part, Native) else type(part).__name__.lower()
