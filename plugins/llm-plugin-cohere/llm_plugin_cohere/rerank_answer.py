"""A reranking's answer, both ways (Cohere API, Rerank: RerankResponse and V2RerankResponse)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.names import RERANK
from llm_plugin_cohere.nonsense import check_utf8
from llm_plugin_cohere.usage import read_input_usage, read_search_units
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL, said
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.rerank import Ranked, RerankRequest, RerankResponse
from lockgate_ports.wire import Glance


class _Result(Struct, gc=False):
    index: int
    relevance_score: float
    document: Raw = NULL


class _Answer(Struct, gc=False):
    results: list[_Result]
    id: str | None = None
    meta: Raw = NULL


class _Glance(Struct, gc=False):
    results: list[Raw]
    meta: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)
_GLANCE = msgspec.json.Decoder(_Glance)


def glance(body: bytes) -> Glance:
    """Usage. Raises UpstreamError."""
    try:
        return Glance(None, read_input_usage(_GLANCE.decode(body).meta))
    except BROKEN as error:
        raise ERRORS.instead(error, body, RERANK) from None


def read_response(body: bytes) -> RerankResponse:
    """The best first, as Cohere sends them. Raises UpstreamError."""
    try:
        wire = _ANSWER.decode(body)
    except BROKEN as error:
        raise ERRORS.instead(error, body, RERANK) from None
    check_utf8(body)
    return RerankResponse(
        results=tuple(
            Ranked(each.index, each.relevance_score, each.document if said(each.document) else None)
            for each in wire.results
        ),
        id=wire.id,
        usage=read_input_usage(wire.meta),
        search_units=read_search_units(wire.meta),
    )


def write_response(answer: RerankResponse, wish: RerankRequest) -> WrittenAnswer:
    """What another provider counts as tokens stands in `meta.tokens`; documents come from the request where the
    provider has sent none back."""
    meta: dict[str, Any] = {"api_version": {"version": "2"}}
    if answer.search_units is not None:
        meta["billed_units"] = {"search_units": answer.search_units}
    if answer.usage is not None:
        counted = {"input_tokens": answer.usage.input_tokens, "output_tokens": answer.usage.output_tokens}
        meta["tokens"] = {name: count for name, count in counted.items() if count is not None}
    fields: dict[str, Any] = {"id": answer.id} if answer.id is not None else {}
    fields["results"] = [_result(each, wish) for each in answer.results]
    fields["meta"] = meta
    return WrittenAnswer(msgspec.json.encode(fields))


def _result(ranked: Ranked, wish: RerankRequest) -> dict[str, Any]:
    result: dict[str, Any] = {"index": ranked.index, "relevance_score": ranked.score}
    if wish.return_documents:
        document = ranked.document
        if document is None and 0 <= ranked.index < len(wish.documents):
            document = wish.documents[ranked.index]
        if document is not None:
            result["document"] = {"text": document} if isinstance(document, str) else document
    return result
