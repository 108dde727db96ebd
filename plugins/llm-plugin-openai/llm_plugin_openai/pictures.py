"""Pictures that a model has drawn: `images` of a message or a delta, the form of OpenRouter and LiteLLM."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.read_parts import source_of
from llm_plugin_openai.request_wire import URL
from lockgate_ports.carried import NULL, STRING, is_string, said
from lockgate_ports.parts import Audio, Image, InlineSource, UrlSource
from lockgate_ports.unsaid import Media


class _Picture(Struct, gc=False):
    image_url: Raw = NULL


_PICTURE = msgspec.json.Decoder(_Picture)


def image_of(raw: Raw) -> Image | None:
    """`{"type": "image_url", "image_url": {"url": ...}}`; None for anything else."""
    try:
        told = _PICTURE.decode(raw).image_url
        if not said(told):
            return None
        if is_string(told):
            return Image(source_of(STRING.decode(told)))
        body = URL.decode(told)
        return Image(source_of(STRING.decode(body.url)), body.detail)
    except msgspec.ValidationError:
        return None


def image_item(image: Image, index: int) -> dict[str, Any]:
    """The same on the wire. Raises TypeError for a picture that `shows` does not admit."""
    match image.source:
        case UrlSource(url):
            shown = url
        case InlineSource(data, media_type):
            shown = f"data:{media_type or ''};base64,{data}"
        case _:
            raise TypeError("a picture by a file id has no form here")
    return {"type": "image_url", "image_url": {"url": shown}, "index": index}


def shows(media: Media) -> bool:
    """Which media an answer in this dialect has a form for."""
    if isinstance(media, Image):
        return isinstance(media.source, UrlSource | InlineSource)
    return isinstance(media, Audio) and (media.source is None or isinstance(media.source, InlineSource))
