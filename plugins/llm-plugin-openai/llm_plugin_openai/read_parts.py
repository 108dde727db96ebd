"""Content parts of a message, from the wire to the canonical view (OpenAI API reference, Chat Completions)."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from llm_plugin_openai.quirks import NAME
from llm_plugin_openai.request_wire import URL, ContentPart, FileBody, InputAudio
from lockgate_ports.carried import STRING, is_string, said
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
    Thinking,
    UrlSource,
    Video,
)

_BASE64 = ";base64,"
_MEDIA_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}


class _Words(msgspec.Struct, gc=False):
    text: str = ""


_THINKING = msgspec.json.Decoder(str | list[_Words])


def parts_of(content: str | list[ContentPart] | None, raws: Callable[[], list[Raw]]) -> list[Part]:
    """The parts of one content; `raws` gives its items as they came, for those that only this dialect knows."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)]
    return [_part(part, place, raws) for place, part in enumerate(content)]


def source_of(url: str) -> Source:
    """A data URL as inline bytes, any other as an address (RFC 2397)."""
    if url.startswith("data:"):
        head, mark, data = url.partition(_BASE64)
        if mark:
            return InlineSource(data, head[5:] or None)
    return UrlSource(url)


def _part(part: ContentPart, place: int, raws: Callable[[], list[Raw]]) -> Part:
    match part.type:
        case "text" if part.text is not None:
            return Text(part.text, cache=_cache(part))
        case "image_url" if said(part.image_url):
            url, detail = _url(part.image_url)
            return Image(source_of(url), detail, _cache(part))
        case "video_url" if said(part.video_url):
            return Video(source_of(_url(part.video_url)[0]), _cache(part))
        case "input_audio" if part.input_audio is not None:
            return _audio(part.input_audio, _cache(part))
        case "file" if part.file is not None:
            return _file(part.file, _cache(part))
        case "refusal" if part.refusal is not None:
            return Refusal(part.refusal)
        case "thinking" if said(part.thinking):
            return Thinking(_thinking(part.thinking), part.signature or None, native=NAME)
        case _:
            return Native(NAME, part.type, raws()[place])


def _url(raw: Raw) -> tuple[str, str | None]:
    if is_string(raw):
        return STRING.decode(raw), None
    body = URL.decode(raw)
    return STRING.decode(body.url), body.detail


def _audio(sound: InputAudio, cache: CacheHint | None) -> Audio:
    media_type = _MEDIA_TYPES.get(sound.format, f"audio/{sound.format}")
    return Audio(InlineSource(STRING.decode(sound.data), media_type), sound.format, cache=cache)


def _file(body: FileBody, cache: CacheHint | None) -> File:
    if not said(body.file_data):
        return File(StoredSource(body.file_id or ""), body.filename, cache)
    data = STRING.decode(body.file_data)
    source = source_of(data) if data.startswith(("data:", "http://", "https://")) else InlineSource(data)
    return File(source, body.filename, cache)


def _thinking(raw: Raw) -> str:
    said = _THINKING.decode(raw)
    return said if isinstance(said, str) else "".join(piece.text for piece in said)


def _cache(part: ContentPart) -> CacheHint | None:
    mark = part.cache_control or part.prompt_cache_breakpoint
    return CacheHint(mark.ttl) if mark is not None else None
