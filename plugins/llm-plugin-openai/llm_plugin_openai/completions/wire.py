"""Requests and answers of POST /v1/completions as typed structs (OpenAI API reference, Completions)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from lockgate_ports.carried import NULL

NAME = "openai-completions"

Tokens = Annotated[list[int], Meta(min_length=1)]


class StreamOptions(Struct, gc=False):
    """`stream_options`."""

    include_usage: bool | None = None


class WireRequest(Struct, gc=False):
    """The whole body; members that are not here travel as they are."""

    model: str
    prompt: str | Annotated[list[str | int | Tokens], Meta(min_length=1)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    logprobs: int | None = None
    echo: bool | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    best_of: int | None = None
    logit_bias: dict[str, float] | None = None
    seed: int | None = None
    suffix: str | None = None
    user: str | None = None


class WireLogprobs(Struct, gc=False):
    """`logprobs` of a choice: lists with one entry a token."""

    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float] | None] | None = None


class WireChoice(Struct, gc=False):
    """One of `choices`, whole or a piece."""

    index: int | None = None
    text: str | None = None
    finish_reason: Any = None
    logprobs: Raw = NULL
    error: Raw = NULL


class WireAnswer(Struct, gc=False):
    """An answer or a chunk."""

    id: Any = None
    model: Any = None
    created: Any = None
    choices: list[WireChoice] | None = None
    usage: Raw = NULL
    error: Raw = NULL
    system_fingerprint: Any = None


REQUEST = msgspec.json.Decoder(WireRequest)
ANSWER = msgspec.json.Decoder(WireAnswer)
LOGPROBS = msgspec.json.Decoder(WireLogprobs)
