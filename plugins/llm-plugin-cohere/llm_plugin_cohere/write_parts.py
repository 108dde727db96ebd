"""Content parts, from the canonical view to the wire (Cohere API v2, Chat: Content and ToolContent)."""

from typing import Any

from msgspec import Raw

from llm_plugin_cohere.names import CHAT
from lockgate_ports.draft import Draft
from lockgate_ports.parts import CacheHint, Image, InlineSource, Native, Part, StoredSource, Text, UrlSource

Item = dict[str, Any]


def content_item(part: Part, at: str, draft: Draft) -> Item | Raw:
    """One item of a user's `content`. Raises Unsupported, naming the field."""
    match part:
        case Text():
            return _cached({"type": "text", "text": part.text}, part.cache, draft)
        case Image():
            return _cached(_image(part, at, draft), part.cache, draft)
        case Native(dialect=dialect) if dialect == CHAT:
            return part.raw
        case _:
            raise draft.cannot_say(f"{_named(part)} in a user message", at)


def text_of(part: Part, at: str, whose: str, draft: Draft) -> Item:
    """One item of `content` where only words may stand. Raises Unsupported, naming the field."""
    if not isinstance(part, Text):
        raise draft.cannot_say(f"{_named(part)} in {whose}", at)
    draft.notes(part, at, CHAT)
    return _cached({"type": "text", "text": part.text}, part.cache, draft)


def compact(items: list[Item | Raw]) -> Any:
    """A lone piece of plain text as a string."""
    if not items:
        return ""
    only = items[0]
    if len(items) == 1 and isinstance(only, dict) and only.keys() == {"type", "text"} and only["type"] == "text":
        return only["text"]
    return items


def image_url(part: Image, at: str, draft: Draft) -> str:
    """An address, or the bytes as one. Raises Unsupported, naming the field."""
    match part.source:
        case UrlSource(url):
            return url
        case InlineSource(data, str(media_type)):
            return f"data:{media_type};base64,{data}"
        case InlineSource():
            raise draft.cannot_say("image whose media type is not said", at)
        case StoredSource():
            raise draft.cannot_say("image by a file id", at)


def _image(part: Image, at: str, draft: Draft) -> Item:
    url: Item = {"url": image_url(part, at, draft)}
    if part.detail is not None:
        url["detail"] = part.detail
    return {"type": "image_url", "image_url": url}


def _cached(item: Item, cache: CacheHint | None, draft: Draft) -> Item:
    """Cohere caches by itself."""
    if cache is not None and draft.admits("cache_control"):
        item["cache_control"] = {"type": "ephemeral"}
    return item


def _named(part: Part) -> str:
    return f"{part.type} part of {part.dialect}" if isinstance(part, Native) else type(part).__name__.lower()
