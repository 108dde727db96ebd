"""Converse's words for formats, from media types and file names (API reference: ImageFormat, DocumentFormat, ...)."""

from lockgate_ports.parts import InlineSource, Source

_IMAGES = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}
_BEGINNINGS = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
"""How base64 of each picture format begins."""
_VIDEOS = {
    **{word: word for word in ("mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv")},
    "x-matroska": "mkv",
    "quicktime": "mov",
    "x-flv": "flv",
    "x-ms-wmv": "wmv",
    "3gpp": "three_gp",
    "3gp": "three_gp",
}
_SOUNDS = {
    **{word: word for word in ("mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "m4a", "mpeg", "pcm", "webm")},
    "x-wav": "wav",
    "wave": "wav",
    "vnd.wave": "wav",
    "x-aac": "x-aac",
    "x-m4a": "m4a",
    "x-flac": "flac",
}
_WORD = "application/vnd.openxmlformats-officedocument"
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    f"{_WORD}.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_WORD}.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/x-markdown": "md",
}
_EXTENSIONS = {word: word for word in _DOCUMENTS.values()} | {"htm": "html", "markdown": "md", "text": "txt"}


def image_format(source: Source) -> str | None:
    """By media type, else by how the bytes begin; None where neither tells."""
    found = _IMAGES.get(_subtype(source))
    if found is None and source.media_type is None and isinstance(source, InlineSource):
        return next((form for start, form in _BEGINNINGS.items() if source.data.startswith(start)), None)
    return found or _IMAGES.get(_extension(source))


def video_format(source: Source) -> str | None:
    """By media type, else by the address's extension."""
    return _VIDEOS.get(_subtype(source)) or _VIDEOS.get(_extension(source))


def audio_format(source: Source) -> str | None:
    """By media type, else by the address's extension."""
    return _SOUNDS.get(_subtype(source)) or _SOUNDS.get(_extension(source))


def document_format(source: Source, name: str | None) -> str | None:
    """By media type, else by the extension of the file's name or address; a PDF is known by its first bytes too."""
    kind = (source.media_type or "").partition(";")[0].strip().lower()
    found = _DOCUMENTS.get(kind)
    if kind == "text/plain" or found is None:
        found = _EXTENSIONS.get((name or "").rpartition(".")[2].lower()) or found
    found = found or _EXTENSIONS.get(_extension(source))
    if found is None and not kind and isinstance(source, InlineSource) and source.data.startswith("JVBERi"):
        return "pdf"
    return found


def _subtype(source: Source) -> str:
    return (source.media_type or "").partition(";")[0].rpartition("/")[2].strip().lower()


def _extension(source: Source) -> str:
    return getattr(source, "url", "").rpartition(".")[2].lower()
