"""Pictures that a model has drawn (Amazon Bedrock API reference, ImageBlock, ImageBlockStart, ImageBlockDelta)."""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.accumulate import joined_base64
from lockgate_ports.parts import Image, InlineSource, UrlSource


class _Place(Struct, gc=False):
    uri: str = ""


class _Source(Struct, gc=False, rename={"place": "s3Location", "data": "bytes"}):
    data: str | None = None
    place: _Place | None = None


class _Image(Struct, gc=False, rename={"form": "format"}):
    form: str | None = None
    source: _Source | None = None


_IMAGE = msgspec.json.Decoder(_Image)


def drawn(block: Raw, pieces: Sequence[Raw] = ()) -> Image | None:
    """The picture of an image block, or of how one began and the `pieces` that followed, each with more of its bytes.
    None for one that holds none."""
    told = [_IMAGE.decode(raw) for raw in (block, *pieces)]
    sources = [each.source for each in told if each.source is not None]
    media_type = f"image/{told[0].form}" if told[0].form else None
    if data := joined_base64([source.data for source in sources if source.data]):
        return Image(InlineSource(data, media_type))
    place = next((source.place for source in sources if source.place is not None), None)
    return Image(UrlSource(place.uri, media_type)) if place is not None else None
