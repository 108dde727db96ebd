"""CohereEmbeddings: the dialect `cohere-embeddings`, the side that faces Cohere (Cohere API v2, Embed)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.names import EMBEDDINGS
from llm_plugin_cohere.nonsense import check_utf8
from llm_plugin_cohere.usage import read_input_usage
from llm_plugin_cohere.wire import patched, post
from llm_plugin_cohere.write_parts import image_url
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import Embedding, EmbedInput, EmbedRequest, EmbedResponse, InputType
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode
from lockgate_ports.parts import Image
from lockgate_ports.refusals import unusable
from lockgate_ports.wire import Glance, Operation

_PATH = "/v2/embed"
_TYPES: dict[InputType, str] = {
    "query": "search_query",
    "document": "search_document",
    "classification": "classification",
    "clustering": "clustering",
}
_ASSUMED = "search_document"
_EXACTEST_FIRST = ("float", "base64", "int8", "uint8", "binary", "ubinary")


class _Answer(Struct, gc=False):
    embeddings: dict[str, list[str | list[float]] | None] | None = None
    meta: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)


class _Glance(Struct, gc=False):
    embeddings: dict[str, Raw]
    meta: Raw = NULL


_GLANCE = msgspec.json.Decoder(_Glance)


class CohereEmbeddings:
    """A ProviderDialect for embeddings."""

    name: str = EMBEDDINGS
    operation: Operation = "embeddings"

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """Vectors are asked for as numbers. Cohere must be told what they are for: `search_document` where nobody said,
        and the answer names that. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model, **_inputs(view, draft)}
        fields["embedding_types"] = ["float"]
        if view.dimensions is not None:
            fields["output_dimension"] = view.dimensions
        if view.truncate is not None:
            fields["truncate"] = "END" if view.truncate else "NONE"
        if view.user is not None and draft.admits("user"):
            fields["user"] = view.user
        own = view.native == EMBEDDINGS
        fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
        return Written(post(_PATH, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return Written(post(_PATH, patched(body, upstream), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage; Cohere's answers do not name the model. Raises UpstreamError."""
        try:
            wire = _GLANCE.decode(body)
        except BROKEN as error:
            raise ERRORS.instead(error, body, EMBEDDINGS) from None
        if not wire.embeddings:
            raise unusable("an answer without vectors")
        return Glance(None, read_input_usage(wire.meta))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The vectors in their exactest form; where there are several, all stand in `extra`. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise ERRORS.instead(error, body, EMBEDDINGS) from None
        check_utf8(body)
        forms = wire.embeddings or {}
        best = next((form for form in _EXACTEST_FIRST if forms.get(form)), None)
        if best is None:
            raise unusable("an answer without vectors")
        vectors = forms[best] or ()
        several = sum(1 for form in forms.values() if form) > 1
        return EmbedResponse(
            embeddings=tuple(
                Embedding(index, vector if isinstance(vector, str) else tuple(vector))
                for index, vector in enumerate(vectors)
            ),
            usage=read_input_usage(wire.meta),
            extra={"embeddings": Raw(msgspec.json.encode(forms))} if several else {},
            native=EMBEDDINGS if several else None,
        )

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return ERRORS.read(status, headers, body, EMBEDDINGS)


def _inputs(view: EmbedRequest, draft: Draft) -> dict[str, Any]:
    """`texts`, `images` or, for both, `inputs`; and what they are for."""
    inputs = view.inputs
    pictures = [
        image_url(each, f"input[{place}]", draft) for place, each in enumerate(inputs) if isinstance(each, Image)
    ]
    if pictures and len(pictures) == len(inputs) and view.input_type is None:
        return {"images": pictures, "input_type": "image"}
    kind = _input_type(view.input_type, draft)
    if not pictures:
        return {"texts": [_text(each, place, draft) for place, each in enumerate(inputs)], "input_type": kind}
    return {"inputs": [_mixed(each, place, draft) for place, each in enumerate(inputs)], "input_type": kind}


def _mixed(each: EmbedInput, place: int, draft: Draft) -> dict[str, Any]:
    if isinstance(each, Image):
        item: dict[str, Any] = {"type": "image_url", "image_url": {"url": image_url(each, f"input[{place}]", draft)}}
    else:
        item = {"type": "text", "text": _text(each, place, draft)}
    return {"content": [item]}


def _text(each: EmbedInput, place: int, draft: Draft) -> str:
    if not isinstance(each, str):
        raise draft.cannot_say("token ids; send text", f"input[{place}]")
    return each


def _input_type(given: InputType | None, draft: Draft) -> str:
    word = _TYPES.get(given) if given is not None else None
    if word is None:
        if given is not None and draft.admits("input_type"):
            return given
        draft.leave_out(f"input_type (taken as {_ASSUMED})")
    return word or _ASSUMED
