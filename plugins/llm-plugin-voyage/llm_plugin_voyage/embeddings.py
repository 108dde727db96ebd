"""The dialect `voyage-embeddings` (Voyage AI API, Text embedding and Multimodal embedding)."""

from collections.abc import Collection
from typing import Any

from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedInput, EmbedRequest, EmbedResponse
from lockgate_ports.json_dialect import JsonDialect
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.vector_answers import VectorAnswers


def _path(members: Collection[str]) -> str:
    """Pictures, and models that are named for them, have a path of their own, and another name for what is read."""
    return "/multimodalembeddings" if "inputs" in members else "/embeddings"


def _content(view: EmbedRequest, draft: Draft) -> dict[str, Any]:
    pictures = any(isinstance(each, Image) for each in view.inputs)
    if pictures or draft.upstream.model.startswith("voyage-multimodal"):
        fields: dict[str, Any] = {
            "inputs": [{"content": [_item(each, at, draft)]} for at, each in enumerate(view.inputs)]
        }
    else:
        fields = {"input": [_text(each, at, draft) for at, each in enumerate(view.inputs)]}
        if view.encoding_format == "base64" and "output_dtype" not in view.extra:
            fields["encoding_format"] = "base64"
    if view.input_type in ("query", "document") or (view.input_type is not None and draft.admits("input_type")):
        fields["input_type"] = view.input_type
    return fields


def _text(each: EmbedInput, at: int, draft: Draft) -> str:
    if not isinstance(each, str):
        raise draft.cannot_say("token ids; send text", f"input[{at}]")
    return each


def _item(each: EmbedInput, at: int, draft: Draft) -> dict[str, Any]:
    if not isinstance(each, Image):
        return {"type": "text", "text": _text(each, at, draft)}
    match each.source:
        case UrlSource(url):
            return {"type": "image_url", "image_url": url}
        case InlineSource(data, str(media_type)):
            return {"type": "image_base64", "image_base64": f"data:{media_type};base64,{data}"}
        case InlineSource():
            raise draft.cannot_say("image whose media type is not said", f"input[{at}]")
        case _:
            raise draft.cannot_say("image by a file id", f"input[{at}]")


VOYAGE_EMBEDDINGS: JsonDialect[EmbedRequest, EmbedResponse] = JsonDialect(
    "embeddings",
    _path,
    _content,
    VectorAnswers("voyage-embeddings", DETAIL_ERRORS),
    words={"truncate": "truncation", "dimensions": "output_dimension"},
    lacks={"user": "user"},
)
