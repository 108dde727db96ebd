"""Messages, from the wire to the canonical view (OpenAI API reference, Chat Completions)."""

import msgspec
from msgspec import Raw

from llm_plugin_openai.pictures import image_of
from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.read_parts import parts_of
from llm_plugin_openai.reasoning import DETAILS, FIELDS, thoughts_of
from llm_plugin_openai.request_wire import Call, WireMessage
from lockgate_ports.carried import ITEMS, STRING, is_string
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from lockgate_ports.seals import call_id_of, open_call, open_thought

_MESSAGES = msgspec.json.Decoder(list[dict[str, Raw]])
_KNOWN = frozenset(WireMessage.__struct_fields__)
_WORDS = frozenset(("role", "content", "name"))
_NOTHING = (b"null", b"[]")


def messages_of(wire: list[WireMessage], raw: Raw) -> tuple[Message, ...]:
    """The canonical messages; `raw` is the same list as it came. Raises InvalidRequest, naming the field."""
    calls: dict[str, str] = {}
    messages: list[Message] = []
    for message, members in zip(wire, _MESSAGES.decode(raw), strict=True):
        role, content = message.role, message.content
        if role != "tool" and role != "function" and isinstance(content, str) and _WORDS.issuperset(members):
            messages.append(Message(role, (Text(content),), message.name))
        else:
            messages.append(_message(message, members, len(messages), calls))
    return tuple(messages)


def _message(wire: WireMessage, members: dict[str, Raw], place: int, calls: dict[str, str]) -> Message:
    at = f"messages[{place}]"
    extra = {
        name: value
        for name, value in members.items()
        if name not in _KNOWN and bytes(memoryview(value)[:5]) not in _NOTHING
    }
    parts = parts_of(wire.content, lambda: ITEMS.decode(members["content"]))
    if wire.role == "tool" or wire.role == "function":
        # the answer to a legacy function call names no call: it is for the last one of that function
        name = wire.name or ""
        call_id = call_id_of(wire.tool_call_id or calls.get(name, f"call_{name}"))
        results = (ToolResult(call_id, _said(parts, at), name=wire.name),)
        return Message("tool", results, None, extra, NAME if extra else None)
    if wire.role == "assistant":
        parts = [*_thoughts(extra, at), *parts, *_pictures(extra), *_acts(wire, at)]
        if wire.function_call is not None:
            call = wire.function_call
            calls[call.name] = f"call_{place}"
            parts.append(ToolCall(calls[call.name], call.name, call.arguments))
    again = tuple(name for name in FIELDS if name in extra)
    return Message(wire.role, tuple(parts), wire.name, extra, NAME if extra else None, again)


def _thoughts(extra: dict[str, Raw], at: str) -> list[Part]:
    """The fields themselves stay in `extra`, so that a server of this dialect gets back what it wrote."""
    words = ""
    for name in FIELDS[:3]:
        value = extra.get(name)
        if not words and value is not None and is_string(value):
            words = STRING.decode(value)
    details = extra.get("reasoning_details")
    try:
        told = DETAILS.decode(details) if details is not None else []
        thoughts = [thought for _, thought in thoughts_of(words, told)]
    except msgspec.ValidationError as error:
        path = f"{at}.reasoning_details"
        raise InvalidRequest(f"{path} is not a list of reasoning items: {error}", param=path) from None
    opened = [open_thought(thought.text, thought.signature) for thought in thoughts]
    if any(opened):  # what another dialect signed or encrypted, which no server of this one takes
        for name in FIELDS:
            extra.pop(name, None)
    return [mine or thought for mine, thought in zip(opened, thoughts, strict=True)]


def _pictures(extra: dict[str, Raw]) -> list[Image]:
    """What the model has drawn before, sent back as it was answered; a list of anything else stays in `extra`."""
    raw = extra.get("images")
    if raw is None or bytes(memoryview(raw)[:1]) != b"[":
        return []
    images = [image_of(each) for each in ITEMS.decode(raw)]
    found = [image for image in images if image is not None]
    if len(found) < len(images):
        return []
    del extra["images"]
    return found


def _acts(wire: WireMessage, at: str) -> list[Part]:
    parts: list[Part] = []
    if wire.refusal:
        parts.append(Refusal(wire.refusal))
    if wire.audio is not None:
        parts.append(Audio(id=wire.audio.id))
    parts += [_call(call, f"{at}.tool_calls[{place}]") for place, call in enumerate(wire.tool_calls or ())]
    return parts


def _call(call: Call, at: str) -> ToolCall:
    if call.type == "custom" and call.custom is not None:
        return open_call(call.id, call.custom.name, call.custom.input, custom=True)
    if call.function is None:
        raise InvalidRequest(f"{at}.type {call.type[:40]!r} is neither function nor custom", param=f"{at}.type")
    return open_call(call.id, call.function.name, call.function.arguments)


def _said(parts: list[Part], at: str) -> tuple[Text | Image | Audio | Video | File | Native, ...]:
    said: list[Text | Image | Audio | Video | File | Native] = []
    for place, part in enumerate(parts):
        if not isinstance(part, Text | Image | Audio | Video | File | Native):
            path = f"{at}.content[{place}]"
            raise InvalidRequest(f"{path} is no part of a tool's answer", param=path)
        said.append(part)
    return tuple(said)
