"""Requests and answers of POST /v1/embeddings as typed structs (OpenAI API reference, Embeddings)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from lockgate_ports.carried import NULL

NAME = "openai-embeddings"

Tokens = Annotated[list[int], Meta(min_length=1)]


class WireRequest(Struct, gc=False):
    """`input` is a text, texts, one text's token ids or several; members that are not here travel as they are."""

    model: str
    input: str | Annotated[list[str | int | Tokens], Meta(min_length=1)]
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


class WireVector(Struct, gc=False):
    """One of `data`; `embedding` is numbers, or base64 of 32-bit floats."""

    embedding: str | list[float]
    index: int | None = None


class WireAnswer(Struct, gc=False):
    """The whole answer."""

    data: list[WireVector] | None = None
    model: Any = None
    usage: Raw = NULL
    error: Raw = NULL


class WireGlance(Struct, gc=False):
    """What is looked at when an answer goes through in its own bytes."""

    data: list[Raw] | None = None
    model: Any = None
    usage: Raw = NULL
    error: Raw = NULL


REQUEST = msgspec.json.Decoder(WireRequest)
ANSWER = msgspec.json.Decoder(WireAnswer)
GLANCE = msgspec.json.Decoder(WireGlance)
