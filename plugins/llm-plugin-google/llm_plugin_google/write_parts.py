"""Content parts, from the canonical view to the wire (Gemini API reference, Part)."""

from typing import Any

import msgspec
from msgspec import Raw

from llm_plugin_google.media import is_youtube, media_type_of
from llm_plugin_google.models import NAME, generation
from lockgate_ports.carried import MEMBERS
from lockgate_ports.draft import Draft
from lockgate_ports.parts import (
    Audio,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    Refusal,
    StoredSource,
    Text,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
)

Item = dict[str, Any]

_FILES = "files/"
_URIS = ("https://", "http://", "gs://")


def content_item(part: Part, at: str, draft: Draft) -> Item | Raw:
    """One part that is neither thinking, a tool call nor a result. Raises Unsupported, naming the field."""
    _uncached(part, at, draft)
    match part:
        case Text():
            draft.notes(part, at)
            return {"text": part.text}
        case Refusal():
            return {"text": part.text}
        case Image():
            if part.detail not in (None, "auto"):
                draft.leave_out(f"{at}.detail")
            return _media(part, at, draft)
        case Audio() | Video() | File():
            return _media(part, at, draft)
        case Native(dialect=dialect) if dialect == NAME:
            return part.raw
        case Native():
            raise draft.cannot_say(f"{part.type} part of {part.dialect}", at)
        case _:
            raise draft.cannot_say(type(part).__name__.lower(), at)


def call_item(call: ToolCall, at: str, draft: Draft) -> Item:
    """`functionCall`, with its signature where it is Gemini's own. Raises Unsupported."""
    if call.custom:
        raise draft.cannot_say("calls of custom tools", at)
    function: Item = {"name": call.name, "args": _arguments(call, at, draft)}
    if call.id and _takes_ids(draft):
        function["id"] = call.id
    item: Item = {"functionCall": function}
    if (seal := draft.seal(call, at, NAME)) is not None:
        item["thoughtSignature"] = seal
    return item


def result_item(result: ToolResult, name: str, at: str, draft: Draft) -> Item:
    """`functionResponse`. What a tool said is an object here: words go under `output`, or `error`."""
    words: list[str] = []
    media: list[Item] = []
    for place, part in enumerate(result.marked):
        where = f"{at}.content[{place}]"
        _uncached(part, where, draft)
        match part:
            case Text():
                words.append(part.text)
            case Image() | Audio() | Video() | File():
                if (generation(draft.upstream.model) or 3) < 3:
                    raise draft.cannot_say(f"{type(part).__name__.lower()} in a tool's answer with this model", where)
                media.append(_media(part, where, draft))
            case Native():
                raise draft.cannot_say(f"{part.type} part of {part.dialect} in a tool's answer", where)
    response = _response("".join(words), is_error=result.is_error)
    body: Item = {"name": name, "response": response}
    if result.call_id and _takes_ids(draft):
        body["id"] = result.call_id
    if media:
        body["parts"] = media
    return {"functionResponse": body}


def _uncached(part: Part, at: str, draft: Draft) -> None:
    if getattr(part, "cache", None) is not None:
        draft.leave_out(f"{at}.cache_control")  # prompts are cached without being told, or by `cachedContent`


def _takes_ids(draft: Draft) -> bool:
    """Models before the third generation know calls by name and order alone."""
    return (generation(draft.upstream.model) or 3) >= 3


def _arguments(call: ToolCall, at: str, draft: Draft) -> Raw | Item:
    if not call.arguments.strip():
        return {}
    arguments = _object(call.arguments)
    if arguments is None:
        raise draft.cannot_say("arguments that are no JSON object", f"{at}.arguments")
    return arguments


def _response(text: str, *, is_error: bool) -> Raw | Item:
    said = _object(text)
    if is_error:
        return {"error": text if said is None else said}
    return {"output": text} if said is None else said


def _object(text: str) -> Raw | None:
    """A JSON object as it is; None for other words."""
    try:
        MEMBERS.decode(text)
    except msgspec.DecodeError:
        return None
    return Raw(text.strip().encode())


def _media(part: Image | Audio | Video | File, at: str, draft: Draft) -> Item:
    kind = type(part).__name__.lower()
    media_type = media_type_of(part)
    match part.source:
        case None:
            raise draft.cannot_say(f"{kind} that is named by an id", at)
        case InlineSource(data):
            if media_type is None:
                raise draft.cannot_say(f"{kind} whose media type is not told", at)
            return {"inlineData": {"mimeType": media_type, "data": data}}
        case UrlSource(url):
            uri = url
        case StoredSource(file_id):
            uri = _uri(file_id, kind, at, draft)
    if not uri.startswith(_URIS):
        raise draft.cannot_say(f"{kind} from such an address; it takes https:// and gs://", at)
    if media_type is not None:
        return {"fileData": {"mimeType": media_type, "fileUri": uri}}
    if isinstance(part.source, StoredSource) or is_youtube(uri):  # Google knows what they are
        return {"fileData": {"fileUri": uri}}
    raise draft.cannot_say(f"{kind} by a URL whose ending does not tell its media type", at)


def _uri(file_id: str, kind: str, at: str, draft: Draft) -> str:
    if file_id.startswith(_FILES):
        return f"{draft.upstream.origin}{draft.upstream.prefix}/{file_id}"
    if not file_id.startswith(_URIS):
        raise draft.cannot_say(f"{kind} by an id that is not Google's own (files/...)", at)
    return file_id
