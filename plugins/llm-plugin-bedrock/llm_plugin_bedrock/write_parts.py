"""Content parts, from the canonical view to the wire (Amazon Bedrock API reference, ContentBlock)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.media_formats import audio_format, document_format, image_format, video_format
from llm_plugin_bedrock.names import DIALECT, document_name, tool_id, tool_name
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
)

Item = dict[str, Any] | Raw
_OBJECT = msgspec.json.Decoder(dict[str, Raw])


def content_blocks(part: Part, at: str, draft: ConverseDraft) -> list[Item]:
    """The blocks of one part, a cache point after it where one is wished. Raises Unsupported, naming the field."""
    match part:
        case ToolCall():
            return [_call(part, at, draft), *draft.cache_point(part.cache)]
        case ToolResult():
            return _result(part, at, draft)
        case Thinking():
            return _thoughts(part, draft)
        case Refusal():
            return [{"text": part.text}] if part.text.strip() else []
        case _:
            block = _plain(part, at, draft)
            cache = None if isinstance(part, Native) else part.cache
            return [*([block] if block is not None else []), *draft.cache_point(cache)]


def text_block(part: Text, at: str, draft: ConverseDraft) -> Item | None:
    """None for blank words, which Bedrock refuses; with its citations where they are Bedrock's own."""
    if (notes := draft.notes(part, at, DIALECT)) is not None:
        return {"citationsContent": {"content": [{"text": part.text}], "citations": notes}}
    return {"text": part.text} if part.text.strip() else None


def named_tool(name: str, at: str, draft: ConverseDraft) -> str:
    """A tool's name in Bedrock's letters. Raises Unsupported for one that cannot be spelled in 64 of them."""
    spelled = tool_name(name)
    if spelled is None:
        raise draft.cannot_say(f"tool name like {name[:80]!r} (at most 64 of a-z A-Z 0-9 _ -)", at)
    return spelled


def _plain(part: Text | Image | Audio | Video | File | Native, at: str, draft: ConverseDraft) -> Item | None:
    match part:
        case Text():
            return text_block(part, at, draft)
        case Image():
            if part.detail not in (None, "auto"):
                draft.lacks("image detail")
            return {"image": _media(part.source, image_format(part.source), "image", at, draft)}
        case Video():
            return {"video": _media(part.source, video_format(part.source), "video", at, draft)}
        case Audio():
            if part.source is None:
                raise draft.cannot_say("audio by its id", at)
            form = part.format or audio_format(part.source)
            return {"audio": _media(part.source, form, "audio", at, draft)}
        case File():
            return _document(part, at, draft)
        case Native():
            if part.dialect != DIALECT:
                raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
            return part.raw


def _media(source: Source, form: str | None, what: str, at: str, draft: ConverseDraft) -> dict[str, Any]:
    if form is None:
        raise draft.cannot_say(f"{what} of this format; say its media type, one that Converse lists", at)
    return {"format": form, "source": _source(source, what, at, draft)}


def _source(source: Source, what: str, at: str, draft: ConverseDraft) -> dict[str, Any]:
    match source:
        case InlineSource(data):
            return {"bytes": data}
        case UrlSource(url) if url.startswith("s3://"):
            return {"s3Location": {"uri": url}}
        case UrlSource():
            raise draft.cannot_say(f"{what} by its URL; send its bytes, or an s3:// address", at)
        case _:
            raise draft.cannot_say(f"{what} by a file id; send its bytes", at)


def _document(part: File, at: str, draft: ConverseDraft) -> Item:
    form = document_format(part.source, part.name)
    if form is None:
        raise draft.cannot_say("file of this format (pdf, csv, doc, docx, xls, xlsx, html, txt and md are taken)", at)
    name = (part.name or "").removesuffix(f".{form}")
    block = {"format": form, "name": document_name(name, draft.documents)}
    return {"document": block | {"source": _source(part.source, "file", at, draft)}}


def _call(call: ToolCall, at: str, draft: ConverseDraft) -> Item:
    draft.tool_blocks = True
    draft.seal(call, at)
    if call.custom:
        raise draft.cannot_say("call of a custom tool", at)
    try:
        _OBJECT.decode(call.arguments or "{}")
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise draft.cannot_say("tool call whose arguments are no JSON object", at) from None
    name = named_tool(call.name, at, draft)
    arguments = Raw((call.arguments or "{}").encode())
    return {"toolUse": {"toolUseId": tool_id(call.id), "name": name, "input": arguments}}


def _result(result: ToolResult, at: str, draft: ConverseDraft) -> list[Item]:
    draft.tool_blocks = True
    content: list[Item] = []
    cache = result.cache
    for place, part in enumerate(result.parts):
        if isinstance(part, Audio):
            raise draft.cannot_say("audio in a tool's answer", f"{at}.content[{place}]")
        block = _plain(part, f"{at}.content[{place}]", draft)
        if block is not None:
            content.append(block)
        cache = cache or (None if isinstance(part, Native) else part.cache)
    body: dict[str, Any] = {"toolUseId": tool_id(result.call_id), "content": content}
    if result.is_error:
        body["status"] = "error"
    return [{"toolResult": body}, *draft.cache_point(cache)]


def _thoughts(part: Thinking, draft: ConverseDraft) -> list[Item]:
    if part.native != DIALECT:
        draft.leave_out("thinking")
        return []
    if part.redacted is not None:
        return [{"reasoningContent": {"redactedContent": part.redacted}}]
    text = {"text": part.text} | ({"signature": part.signature} if part.signature is not None else {})
    return [{"reasoningContent": {"reasoningText": text}}]
