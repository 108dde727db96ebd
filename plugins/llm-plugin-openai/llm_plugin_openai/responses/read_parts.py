"""Content parts, from the wire to the canonical view (OpenAI API reference, Responses, input items)."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from llm_plugin_openai.read_parts import source_of
from llm_plugin_openai.responses.request_wire import NAME, WirePart
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
    UrlSource,
)

_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}


def parts_of(content: str | list[WirePart] | None, raws: Callable[[], list[Raw]]) -> list[Part]:
    """The parts of one content; `raws` gives its items as they came, for those that only this dialect knows."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_part(part, place, raws) for place, part in enumerate(content)]


def _part(part: WirePart, place: int, raws: Callable[[], list[Raw]]) -> Part:
    match part.type:
        case "input_text" | "output_text" | "text" if part.text is not None:
            notes = Raw(msgspec.json.encode(part.annotations)) if part.annotations else None
            return Text(part.text, notes, NAME if notes is not None else None, _cache(part))
        case "refusal" if part.refusal is not None:
            return Refusal(part.refusal)
        case "input_image" if part.image_url is not None or part.file_id is not None:
            shown = source_of(part.image_url) if part.image_url is not None else StoredSource(part.file_id or "")
            return Image(shown, part.detail, _cache(part))
        case "input_file" if (source := _file(part)) is not None:
            return File(source, part.filename, _cache(part))
        case "input_audio" if part.input_audio is not None:
            sound = part.input_audio
            media_type = _MEDIA_TYPES.get(sound.format, f"audio/{sound.format}")
            return Audio(InlineSource(sound.data, media_type), sound.format, cache=_cache(part))
        case _:
            return Native(NAME, part.type, raws()[place])


def _file(part: WirePart) -> Source | None:
    if part.file_data is not None:
        return source_of(part.file_data) if part.file_data.startswith("data:") else InlineSource(part.file_data)
    if part.file_url is not None:
        return UrlSource(part.file_url)
    return StoredSource(part.file_id) if part.file_id is not None else None


def _cache(part: WirePart) -> CacheHint | None:
    mark = part.prompt_cache_breakpoint
    return CacheHint(mark.ttl) if mark is not None else None
