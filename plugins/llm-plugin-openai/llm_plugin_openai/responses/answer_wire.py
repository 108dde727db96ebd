"""Answers and stream events as typed structs (OpenAI API reference, Responses, the object response and its streaming
events), loose where servers differ.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL


class WireContent(Struct, gc=False):
    """One piece of a message's or reasoning item's content, or of its summary."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    annotations: list[Raw] | None = None
    logprobs: list[Raw] | None = None


class WireOutput(Struct, gc=False):
    """One item of `output`."""

    type: str = ""
    id: str | None = None
    content: list[WireContent] | None = None
    summary: list[WireContent] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Any = None
    input: str | None = None


class WireDetails(Struct, gc=False):
    """`incomplete_details`."""

    reason: str | None = None


class WireResponse(Struct, gc=False):
    """A response, whole or as it is when an event tells of it."""

    id: Any = None
    model: Any = None
    created_at: Any = None
    status: str | None = None
    error: Raw = NULL
    incomplete_details: WireDetails | None = None
    output: list[Raw] | None = None
    usage: Raw = NULL
    service_tier: Any = None


class WireEvent(Struct, gc=False):
    """A streaming event; which members count is said by `type`."""

    type: str = ""
    response: WireResponse | None = None
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    item: Raw = NULL
    delta: Any = None
    annotation: Raw = NULL
    logprobs: list[Raw] | None = None
    error: Raw = NULL


RESPONSE = msgspec.json.Decoder(WireResponse)
OUTPUT = msgspec.json.Decoder(WireOutput)
EVENT = msgspec.json.Decoder(WireEvent)
