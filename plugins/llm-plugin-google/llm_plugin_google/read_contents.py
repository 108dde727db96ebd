"""Contents, from the wire to the canonical view (Gemini API reference, Content and Part)."""

from collections.abc import Callable
from functools import partial
from typing import TypeGuard

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from llm_plugin_google.media import Media, media_of
from llm_plugin_google.models import NAME
from llm_plugin_google.wire import Content, Result
from llm_plugin_google.wire import Part as WirePart
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    Message,
    Native,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Video,
)
from lockgate_ports.seals import closes_words, open_thought

RawPart = Callable[[int, int], Raw]
"""A part of a content, by the places of both, in its own bytes."""

_DETAILS = {"MEDIA_RESOLUTION_LOW": "low", "MEDIA_RESOLUTION_HIGH": "high", "MEDIA_RESOLUTION_ULTRA_HIGH": "high"}


class ContentsReader:
    """Finds for each result the call it answers: by id, else the first call of that name still without one."""

    def __init__(self, raw_part: RawPart) -> None:
        self._raw_part = raw_part
        self._open: list[tuple[str, str]] = []
        self._calls = 0

    def read(self, contents: list[Content]) -> tuple[Message, ...]:
        """The canonical messages. Raises InvalidRequest, naming the field."""
        messages: list[Message] = []
        for place, content in enumerate(contents):
            messages += self._read(content, place)
        return tuple(messages)

    def _read(self, content: Content, place: int) -> list[Message]:
        spoken = content.role == "model"
        messages: list[Message] = []
        parts: list[Part] = []
        for number, wire in enumerate(content.parts or ()):
            acts = wire.function_call is not None or wire.function_response is not None
            if wire.text is not None and not (acts or wire.thought or wire.thought_signature):
                parts.append(Text(wire.text))
                continue
            at = f"contents[{place}].parts[{number}]"
            read = self._parts(wire, at, partial(self._raw_part, place, number), spoken=spoken)
            if read and isinstance(read[0], ToolResult):
                if parts:
                    messages.append(Message("user", tuple(parts)))
                    parts = []
                messages.append(Message("tool", tuple(read)))
            else:
                parts += read if not _is_seal(read) else _closed(parts, read[0])
        if parts or not messages:
            messages.append(Message("assistant" if spoken else "user", tuple(parts)))
        return messages

    def _parts(self, wire: WirePart, at: str, raw: Callable[[], Raw], *, spoken: bool) -> list[Part]:
        signature = wire.thought_signature
        opened = open_thought(wire.text or "" if wire.thought else "", signature)
        signed: list[Part] = [opened or Thinking("", signature, native=NAME)] if signature else []
        if wire.function_call is not None:
            if not spoken:
                raise InvalidRequest(f"{at}.functionCall stands in a turn of the user", param=f"{at}.functionCall")
            return [self._call(wire, at)]
        if wire.function_response is not None:
            return [self._result(wire.function_response, at)]
        if wire.text is not None:
            if wire.thought:
                return [opened or Thinking(wire.text, signature, native=NAME)]
            return [Text(wire.text), *signed]
        if not said(wire.video_metadata) and (media := _media(wire)) is not None:
            return [media, *signed]
        value = raw()
        names = [name for name in MEMBERS.decode(value) if name not in ("thought", "thoughtSignature")]
        return [Native(NAME, names[0], value)] if names else signed

    def _call(self, wire: WirePart, at: str) -> ToolCall:
        call = wire.function_call
        if call is None or not call.name:
            raise InvalidRequest(f"{at}.functionCall.name is missing", param=f"{at}.functionCall.name")
        call_id = call.id or f"call_{self._calls}"
        self._calls += 1
        self._open.append((call_id, call.name))
        arguments = bytes(call.args).decode() if said(call.args) else "{}"
        signature = wire.thought_signature or None
        return ToolCall(call_id, call.name, arguments, False, signature, NAME if signature else None)

    def _result(self, result: Result, at: str) -> ToolResult:
        if not result.name and not result.id:
            raise InvalidRequest(f"{at}.functionResponse.name is missing", param=f"{at}.functionResponse.name")
        found = next((call for call in self._open if call[0] == result.id), None) or next(
            (call for call in self._open if call[1] == result.name), None
        )
        if found is not None:
            self._open.remove(found)
        call_id = found[0] if found is not None else result.id or f"call_{result.name}"
        text, is_error = _said(result.response)
        parts: list[Text | Image | Audio | Video | File | Native] = [Text(text)]
        for place, wire in enumerate(result.parts or ()):
            media = _media(wire)
            if media is None:
                path = f"{at}.functionResponse.parts[{place}]"
                raise InvalidRequest(f"{path} is neither inlineData nor fileData", param=path)
            parts.append(media)
        return ToolResult(call_id, tuple(parts), is_error, result.name or None)


def _is_seal(read: list[Part]) -> TypeGuard[list[Thinking]]:
    """A signature alone, and of another dialect: a stream tells it after the thoughts that it is for."""
    only = read[0] if len(read) == 1 else None
    return isinstance(only, Thinking) and only.native != NAME and not only.text and closes_words(only)


def _closed(parts: list[Part], seal: Thinking) -> list[Part]:
    """The seal with the thoughts before it, which leave `parts`."""
    words = ""
    while parts and isinstance(last := parts[-1], Thinking) and last.signature is None:
        words = last.text + words
        parts.pop()
    return [replace(seal, text=words)]


def words_of(content: Content, at: str) -> Message:
    """`systemInstruction`. Raises InvalidRequest for anything but words."""
    texts: list[Part] = []
    for place, part in enumerate(content.parts or ()):
        if part.text is None:
            path = f"{at}.parts[{place}]"
            raise InvalidRequest(f"{path} holds no text", param=path)
        texts.append(Text(part.text))
    return Message("system", tuple(texts))


def _media(wire: WirePart) -> Media | None:
    media = media_of(wire)
    if isinstance(media, Image) and wire.media_resolution is not None:
        return Image(media.source, _DETAILS.get(wire.media_resolution.level or "", "auto"))
    return media


def _said(response: Raw) -> tuple[str, bool]:
    """What the tool said: words that stand alone under `output` or `error` are taken out of their object."""
    if not said(response):
        return "", False
    members = MEMBERS.decode(response)
    if len(members) == 1:
        for name in ("output", "result", "error"):
            if name in members:
                return _words(members[name]), name == "error"
    return bytes(response).decode(), False


def _words(raw: Raw) -> str:
    value = bytes(raw)
    return msgspec.json.decode(value, type=str) if value.startswith(b'"') else value.decode()
