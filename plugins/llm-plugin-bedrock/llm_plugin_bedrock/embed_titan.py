"""Bodies of Amazon Titan's embedding models, which take one input a call."""

from typing import Any

from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import Unsupported
from lockgate_ports.parts import Image, InlineSource


def write_titan(view: EmbedRequest, model: str, draft: Draft) -> dict[str, Any]:
    """Raises Unsupported for several inputs (BedrockModel asks for each), token ids, and pictures where the model reads
    none."""
    if len(view.inputs) != 1:
        raise Unsupported(
            f"input: {draft.upstream.model} of {draft.upstream.provider_id} takes one input a call; send them one by "
            "one, or choose one of Cohere's models",
            param="input",
        )
    pictures = model.startswith("titan-embed-image")
    fields = _input(view, pictures, draft)
    if view.dimensions is not None:
        if pictures:
            fields["embeddingConfig"] = {"outputEmbeddingLength": view.dimensions}
        elif "-v1" not in model or draft.admits("dimensions"):
            fields["dimensions"] = view.dimensions
    if view.input_type is not None:
        draft.leave_out("input_type")
    if view.truncate is not None:
        draft.leave_out("truncate")
    return fields


def _input(view: EmbedRequest, pictures: bool, draft: Draft) -> dict[str, Any]:
    match view.inputs[0]:
        case str(text):
            return {"inputText": text}
        case Image(source=InlineSource(data)) if pictures:
            return {"inputImage": data}
        case Image():
            raise draft.cannot_say("picture but inline, and by titan-embed-image alone", "input[0]")
        case _:
            raise draft.cannot_say("token ids; send the text", "input[0]")
