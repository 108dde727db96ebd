"""Pictures that a model has drawn: items of the type image_generation_call (OpenAI API reference, Responses)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.responses.request_wire import NAME
from lockgate_ports.carried import MEMBERS
from lockgate_ports.parts import Image, InlineSource
from lockgate_ports.unsaid import Media

DRAWN = "image_generation_call"
_OWN = ("id", "type", "status", "result")


class _Item(Struct, gc=False):
    id: Any = None
    result: Any = None
    output_format: Any = None


_ITEM = msgspec.json.Decoder(_Item)


def drawn(raw: Raw) -> Image | None:
    """The picture of an item, PNG where it does not say; None for one that has none, or names it by its id alone."""
    item = _ITEM.decode(raw)
    if not isinstance(item.result, str) or not item.result:
        return None
    extra = {name: value for name, value in MEMBERS.decode(raw).items() if name not in _OWN}
    source = InlineSource(item.result, f"image/{item.output_format if isinstance(item.output_format, str) else 'png'}")
    item_id = item.id if isinstance(item.id, str) else None
    return Image(source, id=item_id, extra=extra, native=NAME if extra else None)


def drawn_item(image: Image, item_id: str) -> dict[str, Any]:
    """The item again. Raises TypeError for a picture that `shows` does not admit."""
    source = image.source
    if not isinstance(source, InlineSource):
        raise TypeError("a picture by its address has no form here")
    item: dict[str, Any] = {"id": item_id, "type": DRAWN, "status": "completed", "result": source.data}
    if image.native == NAME:
        return {**item, **image.extra}
    form = (source.media_type or "").partition(";")[0].partition("/")[2]
    return item | {"output_format": form} if form else item


def shows(media: Media) -> bool:
    """Which media an answer in this dialect has a form for."""
    return isinstance(media, Image) and isinstance(media.source, InlineSource)
