"""Answers and stream events as typed structs (Anthropic API reference, Messages, the object Message, and Streaming),
loose where servers differ.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_anthropic.usage import WireUsage
from lockgate_ports.carried import NULL


class AnswerBlock(Struct, gc=False):
    """One block of `content`, or what opens one in a stream."""

    type: str = ""
    text: str | None = None
    citations: list[Raw] | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = NULL


class WireDelta(Struct, gc=False):
    """`delta` of a block, or of the message."""

    type: str | None = None
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    citation: Raw = NULL
    stop_reason: Any = None


class WireStart(Struct, gc=False):
    """`message` of `message_start`."""

    id: Any = None
    model: Any = None
    usage: WireUsage | None = None


class WireEvent(Struct, gc=False):
    """One event of a stream; which members count is said by `type`."""

    type: str = ""
    index: int = 0
    message: WireStart | None = None
    content_block: AnswerBlock | None = None
    delta: WireDelta | None = None
    usage: WireUsage | None = None


class WireAnswer(Struct, gc=False):
    """A whole answer."""

    id: Any = None
    model: Any = None
    content: list[AnswerBlock] | None = None
    stop_reason: Any = None
    usage: Raw = NULL
    error: Raw = NULL


class KnownAnswer(Struct, gc=False, forbid_unknown_fields=True):
    """A whole answer of which every member is known and in its usual shape, as nearly each is: what decodes as this
    need not be looked through for more."""

    content: list[AnswerBlock]
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None
    stop_sequence: Raw = NULL
    type: Any = None
    role: Any = None


KNOWN = msgspec.json.Decoder(KnownAnswer)
ANSWER = msgspec.json.Decoder(WireAnswer)
EVENT = msgspec.json.Decoder(WireEvent)


def text(value: Any) -> str | None:
    """A string that says something, or None."""
    return value if isinstance(value, str) and value else None
