"""Answers that hold a ranking (Jina AI API, Reranker)."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_jina.vectors import read_usage
from llm_plugin_jina.wire import NULL, nonsense, said
from lockgate_ports.rerank import Ranked, RerankResponse
from lockgate_ports.wire import Glance

_STRING = msgspec.json.Decoder(str)
_QUOTE = ord('"')


class _Result(Struct, gc=False):
    index: int
    relevance_score: float
    document: Raw = NULL


class _Answer(Struct, gc=False):
    results: list[_Result]
    model: str | None = None
    usage: Raw = NULL


class _Glance(Struct, gc=False):
    results: list[Raw]
    model: str | None = None
    usage: Raw = NULL


_ANSWER = msgspec.json.Decoder(_Answer)
_GLANCE = msgspec.json.Decoder(_Glance)


def read_ranking(body: bytes, dialect: str) -> RerankResponse:
    """The best first, as they come. Raises UpstreamError."""
    try:
        wire = _ANSWER.decode(body)
        body.decode()  # what is carried unread was not looked at
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise nonsense(error, body, dialect) from None
    return RerankResponse(
        results=tuple(Ranked(each.index, each.relevance_score, _document(each.document)) for each in wire.results),
        model=wire.model,
        usage=read_usage(wire.usage),
    )


def glance_at_ranking(body: bytes, dialect: str) -> Glance:
    """Model and usage. Raises UpstreamError."""
    try:
        wire = _GLANCE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise nonsense(error, body, dialect) from None
    return Glance(wire.model, read_usage(wire.usage))


def _document(raw: Raw) -> str | Raw | None:
    if not said(raw):
        return None
    return _STRING.decode(raw) if memoryview(raw)[0] == _QUOTE else raw
