"""Bodies of Cohere's embedding models, which take up to 96 texts a call."""

from typing import Any

from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Image, InlineSource

_TYPES = {
    "query": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}


def write_cohere(view: EmbedRequest, model: str, draft: Draft) -> dict[str, Any]:
    """Raises Unsupported for token ids, and for texts and pictures in one call."""
    texts = [each for each in view.inputs if isinstance(each, str)]
    images = [_data_url(each, place, draft) for place, each in enumerate(view.inputs) if isinstance(each, Image)]
    if len(texts) + len(images) != len(view.inputs):
        raise draft.cannot_say("token ids; send the text", "input")
    if texts and images:
        raise Unsupported(
            f"input: {draft.upstream.provider_id} takes texts or pictures in one call, not both", param="input"
        )
    fields: dict[str, Any] = {"images": images} if images else {"texts": texts}
    fields["input_type"] = "image" if images else _input_type(view, draft)
    fields["embedding_types"] = ["float"]
    if view.truncate is not None:
        fields["truncate"] = "END" if view.truncate else "NONE"
    if view.dimensions is not None and (model.startswith("embed-v4") or draft.admits("dimensions")):
        fields["output_dimension"] = view.dimensions
    return fields


def _input_type(view: EmbedRequest, draft: Draft) -> str:
    """The field is required; texts are documents where the caller does not say."""
    if view.input_type is None:
        return "search_document"
    word = _TYPES.get(view.input_type)
    if word is None:
        draft.leave_out("input_type")
    return word or "search_document"


def _data_url(image: Image, place: int, draft: Draft) -> str:
    source = image.source
    if not isinstance(source, InlineSource) or source.media_type is None:
        raise draft.cannot_say("picture but inline with its media type", f"input[{place}]")
    return f"data:{source.media_type};base64,{source.data}"
