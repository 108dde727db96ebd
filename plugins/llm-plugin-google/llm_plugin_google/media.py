"""Media types: what Gemini must be told of every file, found where a caller left it out."""

from typing import Any
from urllib.parse import urlsplit

from llm_plugin_google.wire import Part
from lockgate_ports.parts import Audio, File, Image, InlineSource, Source, StoredSource, UrlSource, Video

_ENDINGS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "bmp": "image/bmp",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "xml": "text/xml",
    "json": "application/json",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mpeg": "video/mpeg",
    "avi": "video/x-msvideo",
}
_BEGINNINGS = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("JVBERi0", "application/pdf"),
)
"""Base64 of the bytes by which a format is known."""
_SPELLED = {"audio/mpeg": "audio/mp3", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav", "image/jpg": "image/jpeg"}
_YOUTUBE = ("youtube.com", "www.youtube.com", "youtu.be", "m.youtube.com")

Media = Image | Audio | Video | File

_URL_SAFE = str.maketrans("-_", "+/")
"""Google's SDKs write bytes in the alphabet for URLs; everybody else takes the other alone."""


def media_type_of(part: Media) -> str | None:
    """What the caller says, else what the name or the bytes tell, else None."""
    source = part.source
    told = source.media_type.partition(";")[0].strip().lower() if source is not None and source.media_type else None
    if told and told not in ("application/octet-stream", "binary/octet-stream"):
        return _SPELLED.get(told, told)
    if isinstance(part, Audio) and part.format:
        return _ENDINGS.get(part.format, f"audio/{part.format}")
    return _by_source(source) or (_by_ending(part.name or "") if isinstance(part, File) else None)


def is_youtube(url: str) -> bool:
    """A video that Google knows by its page."""
    return urlsplit(url).hostname in _YOUTUBE


def part_of(media_type: str | None, source: Source, name: str | None = None) -> Media:
    """A canonical part for bytes of this type; what is neither picture, sound nor film is a file."""
    match (media_type or "").partition("/")[0]:
        case "image":
            return Image(source)
        case "audio":
            return Audio(source)
        case "video":
            return Video(source)
        case _:
            return File(source, name)


def media_of(wire: Part) -> Media | None:
    """What `inlineData` or `fileData` holds; None for a part that has neither."""
    if wire.inline_data is not None:
        blob = wire.inline_data
        return part_of(blob.mime_type, InlineSource(blob.data.translate(_URL_SAFE), blob.mime_type), blob.display_name)
    if wire.file_data is not None:
        file = wire.file_data
        return part_of(file.mime_type, UrlSource(file.file_uri, file.mime_type), file.display_name)
    return None


def shows(media: Media) -> bool:
    """Which media an answer in this dialect has a form for: all that it holds, or names by an address."""
    return isinstance(media.source, InlineSource | UrlSource) or (isinstance(media, Audio) and media.source is None)


def media_item(media: Media) -> dict[str, Any]:
    """`inlineData` or `fileData` of an answer. Raises TypeError for what `shows` does not admit."""
    told: dict[str, Any] = {}
    if (media_type := _exactly(media)) is not None:
        told["mimeType"] = media_type
    if isinstance(media, File) and media.name is not None:
        told["displayName"] = media.name
    match media.source:
        case InlineSource(data):
            return {"inlineData": {**told, "data": data}}
        case UrlSource(url):
            return {"fileData": {**told, "fileUri": url}}
        case _:
            raise TypeError("media by a file id have no form in an answer")


def _exactly(media: Media) -> str | None:
    """The media type in the very words of its maker: for raw sound they tell the rate."""
    return (media.source.media_type if media.source is not None else None) or media_type_of(media)


def _by_source(source: Source | None) -> str | None:
    match source:
        case InlineSource(data):
            return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), None)
        case UrlSource(url):
            return _by_ending(urlsplit(url).path)
        case StoredSource(file_id):
            return _by_ending(file_id)
        case None:
            return None


def _by_ending(name: str) -> str | None:
    return _ENDINGS.get(name.rpartition(".")[2].lower())
