"""The body of POST /v1/responses as typed structs (OpenAI API reference, Responses, Create).

Decoding into them checks the shape of every known field; members that are not here travel as they are.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from lockgate_ports.carried import NULL

NAME = "openai-responses"


class WireAudio(Struct, gc=False):
    """`data` is base64."""

    data: str
    format: str


class CacheMark(Struct, gc=False):
    """`prompt_cache_breakpoint`."""

    ttl: str | None = None


class WirePart(Struct, gc=False):
    """One item of a message's or a tool output's content; which member counts is said by `type`."""

    type: str
    text: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: WireAudio | None = None
    refusal: str | None = None
    annotations: list[Raw] | None = None
    prompt_cache_breakpoint: CacheMark | None = None


class WireSummary(Struct, gc=False):
    """One piece of a reasoning item's `summary`."""

    text: str
    type: str = "summary_text"


class WireItem(Struct, gc=False):
    """One item of `input`; without a `type` it is a message."""

    type: str | None = None
    role: str | None = None
    content: str | list[WirePart] | None = None
    id: str | None = None
    status: str | None = None
    phase: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: str | None = None
    input: str | None = None
    output: Raw = NULL
    """A string, or for a function's or custom tool's answer a list of parts; other items have shapes of their own."""
    summary: list[WireSummary] | None = None
    encrypted_content: str | None = None


class WireTool(Struct, gc=False):
    """One tool; a `type` that is neither `function` nor `custom` is one OpenAI runs itself."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: Raw = NULL
    strict: bool | None = None
    format: Raw = NULL


class WireNamed(Struct, gc=False):
    """A reference to a tool among those allowed."""

    type: str
    name: str | None = None


class WireToolChoice(Struct, gc=False):
    """`tool_choice` in its object form."""

    type: str
    name: str | None = None
    mode: str | None = None
    tools: list[WireNamed] | None = None


class WireFormat(Struct, gc=False):
    """`text.format`."""

    type: str
    name: str | None = None
    description: str | None = None
    schema: Raw = NULL
    strict: bool | None = None


class WireText(Struct, gc=False):
    """`text`."""

    format: WireFormat | None = None
    verbosity: str | None = None


class WireReasoning(Struct, gc=False):
    """`reasoning`."""

    effort: str | None = None
    summary: str | None = None


class WireRequest(Struct, gc=False):
    """The whole body."""

    model: str
    input: str | Annotated[list[WireItem], Meta(min_length=1)]
    instructions: str | None = None
    stream: bool | None = None
    tools: list[WireTool] | None = None
    tool_choice: str | WireToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: WireText | None = None
    reasoning: WireReasoning | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    service_tier: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    store: bool | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None
    prompt: Any = None


def answers_a_tool(kind: str) -> bool:
    """Whether an item of this type is what the caller answers to one of OpenAI's own tools."""
    return kind.endswith("_output") or kind == "mcp_approval_response"


REQUEST = msgspec.json.Decoder(WireRequest)
PARTS = msgspec.json.Decoder(str | list[WirePart])
TOOLS = msgspec.json.Decoder(list[WireTool])
