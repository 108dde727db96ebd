"""Answers and stream events as typed structs (Amazon Bedrock API reference, ConverseResponse and ConverseStreamOutput).

Members are named as on the wire.
"""
# ruff: noqa: N815

import msgspec
from msgspec import Raw, Struct

from llm_plugin_bedrock.usage import ServiceTier, WireUsage
from lockgate_ports.carried import NULL

SERVER_TOOL = "server_tool_use"
"""`type` of a tool use that Bedrock runs by itself."""


class ToolUse(Struct, gc=False):
    """`toolUse` of a whole answer; at the start of a streamed block without `input`."""

    toolUseId: str
    name: str
    input: Raw = NULL
    type: str | None = None


class ReasoningText(Struct, gc=False):
    """Thoughts that can be read."""

    text: str = ""
    signature: str | None = None


class Reasoning(Struct, gc=False):
    """`reasoningContent` of a whole answer (`reasoningText`) and of a delta (`text`, `signature`)."""

    reasoningText: ReasoningText | None = None
    redactedContent: str | None = None
    text: str | None = None
    signature: str | None = None


class CitedText(Struct, gc=False):
    """A piece of what is cited for."""

    text: str = ""


class Cited(Struct, gc=False):
    """`citationsContent`."""

    content: list[CitedText] = []
    citations: Raw = NULL


class Block(Struct, gc=False):
    """One of `content`: a union, so one member is set; none where it is a member not known here."""

    text: str | None = None
    toolUse: ToolUse | None = None
    reasoningContent: Reasoning | None = None
    citationsContent: Cited | None = None
    image: Raw = NULL


class WireMessage(Struct, gc=False):
    """`output.message`."""

    content: list[Raw]


class Output(Struct, gc=False):
    """`output`."""

    message: WireMessage | None = None


class WireAnswer(Struct, gc=False):
    """ConverseResponse."""

    output: Output | None = None
    stopReason: str | None = None
    usage: WireUsage | None = None
    serviceTier: ServiceTier | None = None


class ToolInput(Struct, gc=False):
    """More of a tool use's input, as JSON text."""

    input: str = ""


class Delta(Struct, gc=False):
    """`delta` of contentBlockDelta: a union."""

    text: str | None = None
    toolUse: ToolInput | None = None
    toolResult: list[Raw] | None = None
    reasoningContent: Reasoning | None = None
    citation: Raw = NULL
    image: Raw = NULL


class Opening(Struct, gc=False):
    """`start` of contentBlockStart: a union."""

    toolUse: Raw = NULL
    toolResult: Raw = NULL
    image: Raw = NULL


class WireEvent(Struct, gc=False):
    """The payload of any event of ConverseStreamOutput; the frame's `:event-type` says which it is."""

    contentBlockIndex: int = 0
    start: Opening | None = None
    delta: Delta | None = None
    stopReason: str | None = None
    usage: WireUsage | None = None
    serviceTier: ServiceTier | None = None


ANSWER = msgspec.json.Decoder(WireAnswer)
BLOCK = msgspec.json.Decoder(Block)
TOOL_USE = msgspec.json.Decoder(ToolUse)
EVENT = msgspec.json.Decoder(WireEvent)
