"""Content blocks, from the wire to the canonical view (Anthropic API reference, Messages, content blocks)."""

from base64 import b64encode
from collections.abc import Callable

from msgspec import Raw
from msgspec.structs import replace

from llm_plugin_anthropic.quirks import NAME
from llm_plugin_anthropic.request_wire import BLOCKS, CITING, SOURCE, Block, CacheControl, Source
from lockgate_ports.carried import ITEMS, STRING, is_string, items, said
from lockgate_ports.parts import (
    CacheHint,
    File,
    Image,
    InlineSource,
    Native,
    Part,
    StoredSource,
    Text,
    Thinking,
    ToolResult,
    UrlSource,
)
from lockgate_ports.seals import call_id_of, open_call, open_thought

_Bytes = UrlSource | InlineSource | StoredSource


def parts_of(content: str | list[Block] | None, raws: Callable[[], list[Raw]]) -> list[Part]:
    """The parts of one content; `raws` gives its blocks as they came, for those that only this dialect knows."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_part(block, place, raws) for place, block in enumerate(content)]


def hint_of(mark: CacheControl | None) -> CacheHint | None:
    """`cache_control`."""
    return CacheHint(mark.ttl) if mark is not None else None


def _part(block: Block, place: int, raws: Callable[[], list[Raw]]) -> Part:
    cache = hint_of(block.cache_control)
    match block.type:
        case "text":
            notes = items(block.citations)
            return Text(block.text or "", notes, NAME if notes is not None else None, cache)
        case "thinking":
            signature = block.signature or None
            opened = open_thought(block.thinking or "", signature)
            if opened is not None:
                return opened
            # without a signature it is another dialect's, shown by this gateway
            return Thinking(block.thinking or "", signature, native=NAME if signature else None)
        case "redacted_thinking":
            return Thinking(redacted=block.data, native=NAME)
        case "tool_use" if block.toolset_name is None and (block.caller is None or block.caller.type == "direct"):
            arguments = bytes(block.input).decode() if said(block.input) else "{}"
            call = open_call(block.id or "", block.name or "", arguments)
            return replace(call, cache=cache) if cache is not None else call
        case "tool_result" if block.toolset_name is None:
            return ToolResult(
                call_id_of(block.tool_use_id or ""), _told(block.content), block.is_error or False, cache=cache
            )
        case "image" if not said(block.transformations):
            source = _source(SOURCE.decode(block.source))
            if source is not None:
                return Image(source, cache=cache)
        case "document" if block.context is None and not _cites(block):
            given = SOURCE.decode(block.source)
            source = _text_source(given) if given.type == "text" else _source(given)
            if source is not None:
                return File(source, block.title, cache)
        case _:
            pass
    return Native(NAME, block.type, raws()[place])


def _told(content: Raw) -> tuple[Text | Image | File | Native, ...]:
    if not said(content):
        return ()
    if is_string(content):
        return (Text(STRING.decode(content)),)
    raws = ITEMS.decode(content)
    parts = parts_of(BLOCKS.decode(content), lambda: raws)
    return tuple(
        part if isinstance(part, Text | Image | File | Native) else Native(NAME, "unknown", raws[place])
        for place, part in enumerate(parts)
    )


def _source(source: Source) -> _Bytes | None:
    match source.type:
        case "base64" if said(source.data):
            return InlineSource(STRING.decode(source.data), source.media_type)
        case "url" if source.url is not None:
            return UrlSource(source.url, source.media_type)
        case "file" if source.file_id is not None:
            return StoredSource(source.file_id)
        case _:
            return None


def _text_source(source: Source) -> _Bytes | None:
    if not said(source.data):
        return None
    return InlineSource(b64encode(STRING.decode(source.data).encode()).decode(), source.media_type or "text/plain")


def _cites(block: Block) -> bool:
    return said(block.citations) and CITING.decode(block.citations).enabled is True
