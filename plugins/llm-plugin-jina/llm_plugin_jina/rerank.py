"""JinaRerank: the dialect `jina-rerank` (Jina AI API, Reranker)."""

from collections.abc import Mapping
from typing import Any

from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, post, with_model
from lockgate_ports.ranking_answers import RankingAnswers
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.status_errors import DETAIL_ERRORS
from lockgate_ports.wire import Glance, Operation

NAME = "jina-rerank"
_PATH = "/rerank"
_ANSWERS = RankingAnswers(NAME, DETAIL_ERRORS, "results")


class JinaRerank:
    """A ProviderDialect for reranking."""

    name: str = NAME
    operation: Operation = "rerank"

    def write_request(self, view: RerankRequest, upstream: Upstream) -> Written:
        """From the canonical view; documents may be objects with `text` or `image`. Raises Unsupported if strict."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model, "query": view.query}
        fields["documents"] = list(view.documents)
        if view.top_n is not None:
            fields["top_n"] = view.top_n
        fields["return_documents"] = bool(view.return_documents)  # Jina sends them back unless it is told not to
        if view.truncate is not None and draft.admits("truncate"):
            fields["truncate"] = view.truncate
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
