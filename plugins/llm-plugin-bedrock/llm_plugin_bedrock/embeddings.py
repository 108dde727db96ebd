"""InvokeEmbeddings: the dialect `bedrock-invoke-embeddings`, InvokeModel for the embedding models of Titan and Cohere.

Amazon Bedrock user guide, "Amazon Titan Text Embeddings", "Amazon Titan Multimodal Embeddings G1", "Cohere Embed". The
model's id says whose body is written; the body of an answer says by itself whose it is.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_plugin_bedrock.embed_cohere import write_cohere
from llm_plugin_bedrock.embed_titan import write_titan
from llm_plugin_bedrock.error_in import error_inside, read_error
from llm_plugin_bedrock.families import family_of
from llm_plugin_bedrock.read_response import nonsense
from llm_plugin_bedrock.usage import input_tokens_in
from llm_plugin_bedrock.write_request import encoded, post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import Embedding, EmbedRequest, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_embeddings
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance, Operation

Vector = tuple[float, ...]


class _ByType(msgspec.Struct, gc=False, rename={"floats": "float"}):
    floats: list[Vector] | None = None


class _Answer(msgspec.Struct, gc=False):
    """Titan's `embedding` and `inputTextTokenCount`; Cohere's `embeddings`."""

    embedding: Vector | None = None
    inputTextTokenCount: int | None = None  # noqa: N815  the wire's name
    embeddings: list[Vector] | _ByType | None = None
    message: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


class InvokeEmbeddings:
    """A ProviderDialect."""

    name: str = "bedrock-invoke-embeddings"
    operation: Operation = "embeddings"

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        family = family_of(upstream.model)
        if family.maker == "cohere":
            fields = write_cohere(view, family.model, draft)
        elif family.maker == "amazon" and family.model.startswith("titan-embed"):
            fields = write_titan(view, family.model, draft)
        else:
            raise draft.cannot_say("embeddings from a model that is none of Titan's or Cohere's", "model")
        if view.user is not None:
            draft.admits("user")
        _extras(fields, view, draft)
        return Written(post(encoded(fields), "invoke", upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes: the model stands in the path."""
        return Written(post(body, "invoke", upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage. Raises UpstreamError."""
        return glance_embeddings(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The canonical answer. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise nonsense(error, body) from None
        vectors = _vectors(wire)
        if not vectors:
            raise error_inside(body) if wire.message else unusable("an answer without embeddings")
        count = wire.inputTextTokenCount if wire.inputTextTokenCount is not None else input_tokens_in(headers)
        return EmbedResponse(
            embeddings=tuple(Embedding(place, vector) for place, vector in enumerate(vectors)),
            usage=Usage(input_tokens=count, total_tokens=count) if count is not None else None,
        )

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)


def _vectors(wire: _Answer) -> list[Vector]:
    if wire.embedding is not None:
        return [wire.embedding]
    if isinstance(wire.embeddings, _ByType):
        return wire.embeddings.floats or []
    return wire.embeddings or []


def _extras(fields: dict[str, Any], view: EmbedRequest, draft: Draft) -> None:
    own = view.native == InvokeEmbeddings.name
    fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
