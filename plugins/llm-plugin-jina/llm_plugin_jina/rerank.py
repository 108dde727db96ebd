"""The dialect `jina-rerank` (Jina AI API, Reranker)."""

from typing import Any

from lockgate_ports.draft import Draft
from lockgate_ports.json_dialect import JsonDialect
from lockgate_ports.ranking_answers import RankingAnswers
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.status_errors import DETAIL_ERRORS


def _content(view: RerankRequest, _: Draft) -> dict[str, Any]:
    """Documents may be objects with `text` or `image`. Jina sends them back unless it is told not to."""
    return {
        "query": view.query,
        "documents": list(view.documents),
        "return_documents": bool(view.return_documents),
    }


JINA_RERANK: JsonDialect[RerankRequest, RerankResponse] = JsonDialect(
    "rerank",
    "/rerank",
    _content,
    RankingAnswers("jina-rerank", DETAIL_ERRORS, "results"),
    words={"top_n": "top_n"},
    lacks={"truncate": "truncate", "max_tokens_per_document": "max_tokens_per_doc", "user": "user"},
)
