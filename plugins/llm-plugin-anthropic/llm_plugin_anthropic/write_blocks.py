"""Content blocks, from the canonical view to the wire (Anthropic API reference, Messages, content blocks)."""

import re
from base64 import b64decode
from typing import Any
from zlib import crc32

import msgspec
from msgspec import Raw

from llm_plugin_anthropic.draft import MessagesDraft
from llm_plugin_anthropic.quirks import NAME
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.parts import (
    CacheHint,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    StoredSource,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UrlSource,
)

Item = dict[str, Any]
Block = str | Item | Raw
"""Words that stand by themselves, a block, or one as it came."""
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_PDF = "application/pdf"


def content_block(part: Part, at: str, draft: MessagesDraft) -> Block | None:
    """One block; None for what is left out. Raises Unsupported or InvalidRequest, naming the field."""
    match part:
        case Text():
            return text_block(part, at, draft)
        case Native(dialect=dialect) if dialect == NAME:
            return part.raw
        case Native():
            raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
        case Image():
            if part.detail not in (None, "auto"):
                draft.admits(f"{at}.detail")
            return cached({"type": "image", "source": _source(part.source, "an image", at, draft)}, part.cache)
        case File():
            return cached(_document(part, at, draft), part.cache)
        case Refusal():
            return part.text or None
        case Thinking():
            return _thought(part, draft)
        case ToolCall():
            draft.seal(part, at)
            return cached(_call(part, at), part.cache)
        case ToolResult():
            return cached(_result(part, at, draft), part.cache)
        case _:
            raise draft.cannot_say(type(part).__name__.lower(), at)


def text_block(part: Text, at: str, draft: MessagesDraft) -> str | Item | None:
    """None for an empty one, which the API refuses."""
    if not part.text:
        return None
    notes = draft.notes(part, at, NAME)
    if notes is None and part.cache is None:
        return part.text
    item: Item = {"type": "text", "text": part.text}
    if notes is not None:
        item["citations"] = notes
    return cached(item, part.cache)


def call_id(given: str) -> str:
    """The API takes letters, digits, `_` and `-` alone; any other id is written the same way each time."""
    if given and _FOREIGN.search(given) is None:
        return given
    return f"{_FOREIGN.sub('_', given) or 'call'}_{crc32(given.encode('utf-8', 'replace')):08x}"


def cached(item: Item, cache: CacheHint | None) -> Item:
    """The item itself, marked."""
    if cache is not None:
        # OpenAI's word for a day has no counterpart; an hour is the longest
        item["cache_control"] = {"type": "ephemeral", "ttl": cache.ttl} if cache.ttl else {"type": "ephemeral"}
    return item


def _source(source: UrlSource | InlineSource | StoredSource, what: str, at: str, draft: MessagesDraft) -> Item:
    match source:
        case InlineSource():
            if source.media_type is None:
                raise draft.cannot_say(f"{what} whose media type is not said", at)
            return {"type": "base64", "media_type": source.media_type, "data": source.data}
        case UrlSource():
            if not source.url.startswith(("http://", "https://")):
                raise draft.cannot_say(f"{what} by any other address than http or https", at)
            return {"type": "url", "url": source.url}
        case StoredSource():
            return {"type": "file", "file_id": source.file_id}


def _document(part: File, at: str, draft: MessagesDraft) -> Item:
    source = part.source
    if isinstance(source, InlineSource):
        kind = (source.media_type or "").partition(";")[0].strip().lower()
        named = (part.name or "").lower()
        if not kind and named.endswith(".pdf"):
            kind = _PDF
        if kind.startswith("text/") or (not kind and named.endswith((".txt", ".md", ".csv"))):
            told: Item = {"type": "text", "media_type": "text/plain", "data": _words(source.data, at)}
        elif kind == _PDF:
            told = {"type": "base64", "media_type": _PDF, "data": source.data}
        else:
            raise draft.cannot_say(f"file of type {kind or 'unknown'!r}: only PDF and text", at)
    else:
        told = _source(source, "a document", at, draft)
    item: Item = {"type": "document", "source": told}
    if part.name:
        item["title"] = part.name
    return item


def _words(data: str, at: str) -> str:
    try:
        return b64decode(data, validate=True).decode()
    except ValueError:
        raise InvalidRequest(f"{at}: the file says that it is text, but is no base64 of UTF-8", param=at) from None


def _thought(part: Thinking, draft: MessagesDraft) -> Item | None:
    """Only what this dialect's own models signed goes back, and just as it came."""
    if part.native == NAME and part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    if part.native == NAME and part.signature:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    draft.leave_out("thinking")
    return None


def _call(part: ToolCall, at: str) -> Item:
    if part.custom:
        given: Any = {"input": part.arguments}
    else:
        given = Raw(part.arguments.strip().encode("utf-8", "surrogatepass") or b"{}")
        try:
            sound = isinstance(msgspec.json.decode(given), dict)
        except BROKEN:
            sound = False
        if not sound:
            raise InvalidRequest(f"{at}: the arguments of the call of {part.name!r} are no JSON object", param=at)
    return {"type": "tool_use", "id": call_id(part.id), "name": part.name, "input": given}


def _result(part: ToolResult, at: str, draft: MessagesDraft) -> Item:
    item: Item = {"type": "tool_result", "tool_use_id": call_id(part.call_id)}
    blocks = [content_block(each, f"{at}.content[{place}]", draft) for place, each in enumerate(part.parts)]
    if content := compact([block for block in blocks if block is not None]):
        item["content"] = content
    if part.is_error:
        item["is_error"] = True
    return item


def compact(blocks: list[Block]) -> Any:
    """As they are sent: a lone piece of plain text as a string, any other in a block."""
    if len(blocks) == 1 and isinstance(blocks[0], str):
        return blocks[0]
    return [{"type": "text", "text": block} if isinstance(block, str) else block for block in blocks]
