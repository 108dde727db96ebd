"""Token usage: `usage` of a chat answer, `meta` of embeddings and rerankings (Cohere API v2, Usage and ApiMeta)."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.usage import Usage


class _Counts(Struct, gc=False):
    """Cohere's counts are numbers with a fraction of zero."""

    input_tokens: float | None = None
    output_tokens: float | None = None
    reasoning_tokens: float | None = None
    image_tokens: float | None = None
    search_units: float | None = None


class _Usage(Struct, gc=False):
    tokens: _Counts | None = None
    billed_units: _Counts | None = None
    cached_tokens: float | None = None


_USAGE = msgspec.json.Decoder(_Usage)
_NONE = _Counts()


def read_chat_usage(raw: Raw) -> Usage | None:
    """The tokens that went through the model, else those that are billed; None where neither is told."""
    wire = _decoded(raw)
    if wire is None:
        return None
    tokens, billed = wire.tokens or _NONE, wire.billed_units or _NONE
    given, made = _first(tokens.input_tokens, billed.input_tokens), _first(tokens.output_tokens, billed.output_tokens)
    if given is None and made is None:
        return None
    return Usage(
        input_tokens=given,
        output_tokens=made,
        cache_read_tokens=_first(wire.cached_tokens),
        reasoning_tokens=_first(tokens.reasoning_tokens),
        billed_input_tokens=_other(billed.input_tokens, given),
        billed_output_tokens=_other(billed.output_tokens, made),
    )


def read_input_usage(raw: Raw) -> Usage | None:
    """What an embedding or a reranking read; pictures are counted beside the words."""
    wire = _decoded(raw)
    if wire is None:
        return None
    tokens, billed = wire.tokens or _NONE, wire.billed_units or _NONE
    words, pictures = _first(tokens.input_tokens, billed.input_tokens), _first(billed.image_tokens)
    units = _first(billed.search_units)
    if words is None and pictures is None:
        return None if units is None else Usage(billed_requests=units)
    given = (words or 0) + (pictures or 0)
    made = _first(tokens.output_tokens, billed.output_tokens) or 0
    return Usage(input_tokens=given, output_tokens=made, input_image_tokens=pictures, billed_requests=units)


def read_search_units(raw: Raw) -> float | None:
    """What a reranking is billed by."""
    wire = _decoded(raw)
    return wire.billed_units.search_units if wire is not None and wire.billed_units is not None else None


def _decoded(raw: Raw) -> _Usage | None:
    try:
        return _USAGE.decode(raw)
    except msgspec.ValidationError:
        return None


def _other(billed: float | None, counted: int | None) -> int | None:
    """What is billed, where that is not what was counted: the model reads more than the client wrote."""
    return int(billed) if billed is not None and billed != counted else None


def _first(*counts: float | None) -> int | None:
    return next((int(count) for count in counts if count is not None), None)
