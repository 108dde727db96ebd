"""The dialect `voyage-rerank` (Voyage AI API, Reranker)."""

from typing import Any

import msgspec
from msgspec import Raw

from lockgate_ports.draft import Draft
from lockgate_ports.json_dialect import JsonDialect
from lockgate_ports.ranking_answers import RankingAnswers
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.status_errors import DETAIL_ERRORS

_MEMBERS = msgspec.json.Decoder(dict[str, Any])


def _content(view: RerankRequest, draft: Draft) -> dict[str, Any]:
    documents = [_text(each, f"documents[{place}]", draft) for place, each in enumerate(view.documents)]
    return {"query": view.query, "documents": documents}


def _text(document: str | Raw, at: str, draft: Draft) -> str:
    """An object that holds a text and nothing else is that text."""
    if isinstance(document, str):
        return document
    members = _MEMBERS.decode(document)
    text = members.get("text")
    if len(members) != 1 or not isinstance(text, str):
        raise draft.cannot_say("document that is an object; send its text", at)
    return text


VOYAGE_RERANK: JsonDialect[RerankRequest, RerankResponse] = JsonDialect(
    "rerank",
    "/rerank",
    _content,
    RankingAnswers("voyage-rerank", DETAIL_ERRORS, "data"),
    words={"top_n": "top_k", "return_documents": "return_documents", "truncate": "truncation"},
    lacks={"max_tokens_per_document": "max_tokens_per_doc", "user": "user"},
)
