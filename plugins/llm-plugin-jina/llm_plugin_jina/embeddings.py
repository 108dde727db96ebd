"""JinaEmbeddings: the dialect `jina-embeddings` (Jina AI API, Embeddings)."""

from collections.abc import Mapping
from typing import Any

from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedInput, EmbedRequest, EmbedResponse, InputType
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, post, with_model
from lockgate_ports.parts import Image, InlineSource, UrlSource
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.vector_answers import VectorAnswers
from lockgate_ports.wire import Glance, Operation

NAME = "jina-embeddings"
_PATH = "/embeddings"
_TASKS: dict[InputType, str] = {
    "query": "retrieval.query",
    "document": "retrieval.passage",
    "classification": "classification",
    "clustering": "separation",
    "similarity": "text-matching",
}
_JINAS_OWN = ("task", "late_chunking", "embedding_type", "normalized", "return_multivector")
"""Fields that clients of any dialect may add: nobody else has a word of that name with another meaning."""
_ANSWERS = VectorAnswers(NAME, DETAIL_ERRORS)


class JinaEmbeddings:
    """A ProviderDialect for embeddings."""

    name: str = NAME
    operation: Operation = "embeddings"

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model}
        pictures = any(isinstance(each, Image) for each in view.inputs)
        fields["input"] = [
            _item(each, f"input[{place}]", draft) if pictures else _text(each, f"input[{place}]", draft)
            for place, each in enumerate(view.inputs)
        ]
        if view.input_type is not None:
            fields["task"] = _TASKS[view.input_type]
        if view.dimensions is not None:
            fields["dimensions"] = view.dimensions
        if view.truncate is not None:
            fields["truncate"] = view.truncate
        if view.encoding_format == "base64":
            fields["embedding_type"] = "base64"
        if view.user is not None and draft.admits("user"):
            fields["user"] = view.user
        fields |= {
            name: value
            for name, value in view.extra.items()
            if view.native == NAME or name in _JINAS_OWN or draft.admits(name)
        }
        return Written(post(_PATH, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return Written(post(_PATH, with_model(body, upstream), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        return _ANSWERS.glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The vectors, in the order of the inputs. Raises UpstreamError."""
        return _ANSWERS.read(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return DETAIL_ERRORS.read(status, headers, body, NAME)


def _text(each: EmbedInput, at: str, draft: Draft) -> str:
    if not isinstance(each, str):
        raise draft.cannot_say("token ids; send text", at)
    return each


def _item(each: EmbedInput, at: str, draft: Draft) -> dict[str, str]:
    if not isinstance(each, Image):
        return {"text": _text(each, at, draft)}
    match each.source:
        case UrlSource(url):
            return {"image": url}
        case InlineSource(data):
            return {"image": data}
        case _:
            raise draft.cannot_say("image by a file id", at)
