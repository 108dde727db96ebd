"""Content parts, from the canonical view to the wire (OpenAI API reference, Responses, input items)."""

from typing import Any

from msgspec import Raw

from llm_plugin_openai.responses.request_wire import NAME
from lockgate_ports.draft import Draft
from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Source,
    StoredSource,
    Text,
    UrlSource,
)

Item = dict[str, Any]

_FORMATS = {"audio/mpeg": "mp3", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav"}


class ItemDraft(Draft):
    """Knows whether the caller wrote in this very dialect. `custom` are the calls of custom tools so far, by id."""

    def __init__(self, upstream: Any, native: str | None) -> None:
        super().__init__(upstream)
        self.own = native == NAME
        self.custom: set[str] = set()


def input_part(part: Part, at: str, draft: ItemDraft) -> Item | Raw:
    """One item of a user's content or of a tool's answer. Raises Unsupported, naming the field."""
    match part:
        case Text():
            draft.notes(part, at)
            return _cached({"type": "input_text", "text": part.text}, part.cache, draft)
        case Native(dialect=dialect) if dialect == NAME:
            return part.raw
        case Native():
            raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
        case Image():
            detail = part.detail if part.detail is not None else "auto"
            return _cached({"type": "input_image", "detail": detail, **_image(part.source)}, part.cache, draft)
        case File():
            return _cached(_file(part), part.cache, draft)
        case Audio(source=InlineSource(data, media_type)):
            kind = (media_type or "").partition(";")[0]
            word = part.format or _FORMATS.get(kind, kind.rpartition("/")[2])
            if not word:
                raise draft.cannot_say("audio whose format is not said", at)
            return _cached({"type": "input_audio", "input_audio": {"data": data, "format": word}}, part.cache, draft)
        case Audio():
            raise draft.cannot_say("audio but inline", at)
        case _:
            raise draft.cannot_say(type(part).__name__.lower(), at)


def _image(source: Source) -> Item:
    match source:
        case UrlSource(url):
            return {"image_url": url}
        case InlineSource(data, media_type):
            return {"image_url": f"data:{media_type or ''};base64,{data}"}
        case StoredSource(file_id):
            return {"file_id": file_id}


def _file(part: File) -> Item:
    item: Item = {"type": "input_file"}
    match part.source:
        case UrlSource(url):
            item["file_url"] = url
        case InlineSource(data, media_type):
            item["file_data"] = data if media_type is None else f"data:{media_type};base64,{data}"
        case StoredSource(file_id):
            item["file_id"] = file_id
    if part.name is not None:
        item["filename"] = part.name
    return item


def _cached(item: Item, cache: CacheHint | None, draft: ItemDraft) -> Item:
    """A mark of another language's is left out: OpenAI caches by itself, and takes marks only from newer models on."""
    if cache is not None:
        if draft.own:
            mark = {"mode": "explicit"} if cache.ttl is None else {"mode": "explicit", "ttl": cache.ttl}
            item["prompt_cache_breakpoint"] = mark
        else:
            draft.leave_out("cache_control")
    return item
