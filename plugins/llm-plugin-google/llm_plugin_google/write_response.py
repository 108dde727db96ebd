"""A whole answer for a client (Gemini API reference, GenerateContentResponse)."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_google.finish import written
from llm_plugin_google.logprobs import write_logprobs
from llm_plugin_google.media import media_item, shows
from llm_plugin_google.models import NAME
from llm_plugin_google.usage import write_usage
from lockgate_ports.carried import ENCODE, MEMBERS
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.parts import Audio, File, Image, Native, Part, Refusal, Text, Thinking, ToolCall, ToolResult, Video
from lockgate_ports.seals import seal_thought
from lockgate_ports.unsaid import Unsaid

Item = dict[str, Any]

_NOTES = msgspec.json.Decoder(list[dict[str, Raw]])


def write_response(answer: ChatResponse) -> WrittenAnswer:
    """`GenerateContentResponse`."""
    unsaid = Unsaid(NAME, shows)
    fields: Item = {"candidates": [_candidate(choice, unsaid) for choice in answer.choices]}
    if answer.usage is not None:
        fields["usageMetadata"] = write_usage(answer.usage)
    if answer.model is not None:
        fields["modelVersion"] = answer.model
    if answer.id is not None:
        fields["responseId"] = answer.id
    return WrittenAnswer(ENCODE(fields), unsaid.names)


def part_items(parts: Iterable[Part]) -> list[Any]:
    """Parts on the wire; a signature without words of its own belongs to the part before it."""
    items: list[Any] = []
    for part in parts:
        match part:
            case Text() | Refusal():
                items.append({"text": part.text})
            case Thinking():
                _think(items, part)
            case ToolCall():
                items.append(_call(part))
            case Audio():
                if part.source is not None:
                    items.append(media_item(part))
                if part.transcript:
                    items.append({"text": part.transcript})
            case Image() | Video() | File():
                items.append(media_item(part))
            case Native():
                items.append(part.raw)
            case ToolResult():
                raise TypeError("an answer holds no ToolResult")
    return items


def notes_of(annotations: Raw | None, native: str | None) -> Item:
    """Where words come from, as members of a candidate."""
    if annotations is None or native != NAME:
        return {}
    return {name: value for note in _NOTES.decode(annotations) for name, value in note.items()}


def _candidate(choice: Choice, unsaid: Unsaid) -> Item:
    item: Item = {
        "content": {"parts": part_items(unsaid.parts(choice)), "role": "model"},
        "finishReason": written(choice.finish_reason, choice.native_finish_reason),
        "index": choice.index,
    }
    for part in choice.parts:
        if isinstance(part, Text):
            item |= notes_of(part.annotations, part.native)
    if choice.logprobs is not None and (logprobs := write_logprobs(choice.logprobs)) is not None:
        item["logprobsResult"] = logprobs
    return item


def _think(items: list[Any], part: Thinking) -> None:
    """What another dialect signed or encrypted stands sealed in place of a signature."""
    word = part.signature if part.native == NAME else seal_thought(part, NAME)
    signature = {"thoughtSignature": word} if word else {}
    if part.text or (signature and part.native != NAME):
        items.append({"text": part.text, "thought": True, **signature})
    elif signature and items and isinstance(items[-1], dict):
        items[-1] |= signature
    elif signature:
        items.append({"text": "", **signature})


def _call(call: ToolCall) -> Item:
    """Arguments are an object here: words that are none, as of a call that was cut off, stand under `arguments`."""
    item: Item = {"functionCall": {"id": call.id, "name": call.name, "args": _arguments(call)}}
    if call.signature and call.native == NAME:
        item["thoughtSignature"] = call.signature
    return item


def _arguments(call: ToolCall) -> Raw | Item:
    if not call.arguments.strip():
        return {}
    try:
        MEMBERS.decode(call.arguments)
    except msgspec.DecodeError:
        return {"arguments": call.arguments}
    return Raw(call.arguments.encode())
