"""VoyageEmbeddings: the dialect `voyage-embeddings` (Voyage AI API, Text embedding and Multimodal embedding)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL, said
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedInput, EmbedRequest, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, post, with_model
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.vector_answers import VectorAnswers
from lockgate_ports.wire import Glance, Operation

NAME = "voyage-embeddings"
_TEXT, _MULTIMODAL = "/embeddings", "/multimodalembeddings"


class _Said(Struct, gc=False):
    inputs: Raw = NULL


_SAID = msgspec.json.Decoder(_Said)
_ANSWERS = VectorAnswers(NAME, DETAIL_ERRORS)


class VoyageEmbeddings:
    """A ProviderDialect for embeddings. Pictures, and models that are named for them, have a path of their own."""

    name: str = NAME
    operation: Operation = "embeddings"

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model}
        pictures = any(isinstance(each, Image) for each in view.inputs)
        multimodal = pictures or upstream.model.startswith("voyage-multimodal")
        if multimodal:
            fields["inputs"] = [{"content": [_item(each, at, draft)]} for at, each in enumerate(view.inputs)]
        else:
            fields["input"] = [_text(each, at, draft) for at, each in enumerate(view.inputs)]
            if view.encoding_format == "base64" and "output_dtype" not in view.extra:
                fields["encoding_format"] = "base64"
        if view.input_type in ("query", "document") or (view.input_type is not None and draft.admits("input_type")):
            fields["input_type"] = view.input_type
        if view.truncate is not None:
            fields["truncation"] = view.truncate
        if view.dimensions is not None:
            fields["output_dimension"] = view.dimensions
        if view.user is not None and draft.admits("user"):
            fields["user"] = view.user
        own = view.native == NAME
        fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
        return Written(post(_MULTIMODAL if multimodal else _TEXT, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        changed = with_model(body, upstream)
        path = _MULTIMODAL if said(_SAID.decode(body).inputs) else _TEXT
        return Written(post(path, changed, upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        return _ANSWERS.glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The vectors, in the order of the inputs. Raises UpstreamError."""
        return _ANSWERS.read(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return DETAIL_ERRORS.read(status, headers, body, NAME)


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
