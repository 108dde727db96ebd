"""The canonical reranking request and answer."""

from collections.abc import Mapping

from msgspec import Raw, Struct

from lockgate_ports.usage import Usage


class RerankRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which of `documents` answer `query` best. Every field but these and `model` may be left out."""

    model: str
    query: str
    documents: tuple[str | Raw, ...]
    """Texts, or JSON objects as they came."""
    top_n: int | None = None
    """The most results to return; None: all."""
    return_documents: bool | None = None
    max_tokens_per_document: int | None = None
    truncate: bool | None = None
    user: str | None = None
    extra: Mapping[str, Raw] = {}
    """Fields that only the dialect `native` knows, by their name there."""
    native: str | None = None


class Ranked(Struct, frozen=True):
    """One document: its place in the request, and how relevant it is, higher being better."""

    index: int
    score: float
    document: str | Raw | None = None


class RerankResponse(Struct, frozen=True, kw_only=True):
    """The best first. `search_units` is what some providers bill by."""

    results: tuple[Ranked, ...]
    id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    search_units: float | None = None
    extra: Mapping[str, Raw] = {}
    native: str | None = None
