"""Content parts, from the canonical view to the wire (OpenAI API reference, Chat Completions)."""

from typing import Any

from msgspec import Raw

from llm_plugin_openai.draft import ChatDraft
from llm_plugin_openai.quirks import NAME
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    Source,
    StoredSource,
    Text,
    ToolCall,
    UrlSource,
    Video,
)

Item = dict[str, Any]

_FORMATS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}


def content_item(part: Part, at: str, draft: ChatDraft, *, spoken: bool = False) -> str | Item | Raw:
    """One item of `content`, or words that may stand alone; `spoken`: by the assistant, who has words only. Raises
    Unsupported, naming the field."""
    match part:
        case Text():
            draft.notes(part, at)
            words = cached({"type": "text", "text": part.text}, part.cache, draft)
            return words if "cache_control" in words else part.text
        case Native(dialect=dialect) if dialect == NAME:
            return part.raw
        case Native():
            raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
        case _ if spoken:
            raise draft.cannot_say(f"{type(part).__name__.lower()} in an assistant message", at)
        case Image():
            return cached(_image(part, at, draft), part.cache, draft)
        case Audio():
            return cached(_audio(part, at, draft), part.cache, draft)
        case File():
            return cached(_file(part, at, draft), part.cache, draft)
        case Video():
            return cached(_video(part, at, draft), part.cache, draft)
        case Refusal():
            return {"type": "refusal", "refusal": part.text}
        case _:
            raise draft.cannot_say(type(part).__name__.lower(), at)


def call_item(call: ToolCall) -> Item:
    """One of `tool_calls`."""
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _image(part: Image, at: str, draft: ChatDraft) -> Item:
    url: Item = {"url": _url(part.source, "image", at, draft)}
    if part.detail is not None:
        url["detail"] = part.detail
    return {"type": "image_url", "image_url": url}


def _video(part: Video, at: str, draft: ChatDraft) -> Item:
    if not draft.quirks.video_urls:
        raise draft.cannot_say("video", at)
    return {"type": "video_url", "video_url": {"url": _url(part.source, "video", at, draft)}}


def _audio(part: Audio, at: str, draft: ChatDraft) -> Item:
    source = part.source
    if not isinstance(source, InlineSource):
        raise draft.cannot_say("audio but inline", at)
    kind = (source.media_type or "").partition(";")[0]
    word = part.format or _FORMATS.get(kind, kind.rpartition("/")[2])
    if not word:
        raise draft.cannot_say("audio whose format is not said", at)
    return {"type": "input_audio", "input_audio": {"data": source.data, "format": word}}


def _file(part: File, at: str, draft: ChatDraft) -> Item:
    body: Item = {}
    match part.source:
        case StoredSource(file_id):
            body["file_id"] = file_id
        case InlineSource(data, media_type):
            body["file_data"] = data if media_type is None else _data_url(data, media_type)
        case UrlSource(url):
            if not draft.quirks.file_urls:
                raise draft.cannot_say("file by its URL; send its bytes", at)
            body["file_data"] = url
    if part.name is not None:
        body["filename"] = part.name
    return {"type": "file", "file": body}


def _url(source: Source, what: str, at: str, draft: ChatDraft) -> str:
    match source:
        case UrlSource(url):
            return url
        case InlineSource(data, media_type):
            return _data_url(data, media_type or "")
        case StoredSource():
            raise draft.cannot_say(f"{what} by a file id", at)


def _data_url(data: str, media_type: str) -> str:
    return f"data:{media_type};base64,{data}"


def cached(item: Item, cache: CacheHint | None, draft: ChatDraft) -> Item:
    """The item itself, marked where the server takes marks."""
    if cache is not None and draft.caches():
        item["cache_control"] = {"type": "ephemeral"} if cache.ttl is None else {"type": "ephemeral", "ttl": cache.ttl}
    return item
