"""VoyageRerank: the dialect `voyage-rerank` (Voyage AI API, Reranker)."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw

from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, post, with_model
from lockgate_ports.ranking_answers import RankingAnswers
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.wire import Glance, Operation

NAME = "voyage-rerank"
_PATH = "/rerank"
_MEMBERS = msgspec.json.Decoder(dict[str, Any])
_ANSWERS = RankingAnswers(NAME, DETAIL_ERRORS, "data")


class VoyageRerank:
    """A ProviderDialect for reranking."""

    name: str = NAME
    operation: Operation = "rerank"

    def write_request(self, view: RerankRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model, "query": view.query}
        fields["documents"] = [_text(each, f"documents[{place}]", draft) for place, each in enumerate(view.documents)]
        if view.top_n is not None:
            fields["top_k"] = view.top_n
        if view.return_documents is not None:
            fields["return_documents"] = view.return_documents
        if view.truncate is not None:
            fields["truncation"] = view.truncate
        if view.max_tokens_per_document is not None and draft.admits("max_tokens_per_doc"):
            fields["max_tokens_per_doc"] = view.max_tokens_per_document
        if view.user is not None and draft.admits("user"):
            fields["user"] = view.user
        own = view.native == NAME
        fields |= {name: value for name, value in view.extra.items() if own or draft.admits(name)}
        return Written(post(_PATH, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return Written(post(_PATH, with_model(body, upstream), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        return _ANSWERS.glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> RerankResponse:
        """The ranking, the best first. Raises UpstreamError."""
        return _ANSWERS.read(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return DETAIL_ERRORS.read(status, headers, body, NAME)


def _text(document: str | Raw, at: str, draft: Draft) -> str:
    """An object that holds a text and nothing else is that text."""
    if isinstance(document, str):
        return document
    members = _MEMBERS.decode(document)
    text = members.get("text")
    if len(members) != 1 or not isinstance(text, str):
        raise draft.cannot_say("document that is an object; send its text", at)
    return text
