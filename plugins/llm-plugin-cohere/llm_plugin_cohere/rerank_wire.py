"""Reranking requests as typed structs (Cohere API, Rerank: v2, and v1 for what only that can say)."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL

V2, V1 = "/v2/rerank", "/v1/rerank"
ONLY_V1 = ("return_documents", "rank_fields", "max_chunks_per_doc")
_QUOTE, _BRACE = ord('"'), ord("{")


class WireRerank(Struct, gc=False):
    """What either version says; unknown members stay in the bytes. `truncate` and `user` are not Cohere's."""

    model: str
    query: str
    documents: list[Raw]
    top_n: int | None = None
    max_tokens_per_doc: int | None = None
    return_documents: bool | None = None
    rank_fields: Raw = NULL
    max_chunks_per_doc: Raw = NULL


RERANK_REQUEST = msgspec.json.Decoder(WireRerank)


def is_string(raw: Raw) -> bool:
    """By its first byte."""
    return memoryview(raw)[0] == _QUOTE


def is_object(raw: Raw) -> bool:
    """By its first byte."""
    return memoryview(raw)[0] == _BRACE
