"""Answers and stream events as typed structs (Cohere API v2, Chat: V2ChatResponse and V2ChatStreamResponse)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL


class WireFunction(Struct, gc=False):
    """`arguments` is JSON text."""

    name: str | None = None
    arguments: str | None = None


class WireCall(Struct, gc=False):
    """One of `tool_calls`."""

    id: str | None = None
    function: WireFunction | None = None


class WireItem(Struct, gc=False):
    """One item of `content`, or a piece of one."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class WireLogprob(Struct, gc=False):
    """A run of tokens with the text they make."""

    text: str | None = None
    logprobs: list[float] | None = None


class WireMessage(Struct, gc=False):
    """`message`."""

    content: str | list[Raw] | None = None
    tool_plan: str | None = None
    tool_calls: list[WireCall] | None = None
    citations: list[Raw] | None = None


class WireAnswer(Struct, gc=False):
    """A whole answer."""

    id: str | None = None
    message: WireMessage | None = None
    finish_reason: str | None = None
    usage: Raw = NULL
    logprobs: list[WireLogprob] | None = None
    error: Any = None


class WireDeltaMessage(Struct, gc=False):
    """What a stream event adds; a list in `message-start`, one item elsewhere."""

    content: WireItem | list[Raw] | None = None
    tool_plan: str | None = None
    tool_calls: WireCall | list[WireCall] | None = None
    citations: Raw = NULL


class WireDelta(Struct, gc=False):
    """`delta`; its later members come with `message-end`."""

    message: WireDeltaMessage | None = None
    finish_reason: str | None = None
    usage: Raw = NULL
    error: str | None = None


class WireEvent(Struct, gc=False):
    """One event of a stream. `message` stands alone in an error."""

    type: str | None = None
    id: str | None = None
    index: int | None = None
    delta: WireDelta | None = None
    logprobs: WireLogprob | None = None
    message: Any = None


class WireCitation(Struct, gc=False):
    """As much of a citation as tells where it belongs."""

    type: str | None = None
    content_index: int | None = None


ANSWER = msgspec.json.Decoder(WireAnswer)
EVENT = msgspec.json.Decoder(WireEvent)
ITEM = msgspec.json.Decoder(WireItem)
CITATION = msgspec.json.Decoder(WireCitation)
