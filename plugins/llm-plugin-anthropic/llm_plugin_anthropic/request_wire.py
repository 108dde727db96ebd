"""The body of POST /v1/messages as typed structs (Anthropic API reference, Messages, Create and Count tokens).

They are check and source at once: decoding into them checks the shape of every known field, and the canonical view is
made from what they hold. `Raw` stands where a value is only carried, so that a large image is never copied.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from lockgate_ports.carried import NULL


class CacheControl(Struct, gc=False):
    """`cache_control`; `ttl` is `5m` or `1h`."""

    type: str = "ephemeral"
    ttl: str | None = None


class Source(Struct, gc=False):
    """Where the bytes of an image or document are: `base64`, `url`, `file`, `text` or `content`."""

    type: str
    data: Raw = NULL
    """A JSON string."""
    media_type: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: Raw = NULL


class Citing(Struct, gc=False):
    """`citations` of a document."""

    enabled: bool | None = None


class Caller(Struct, gc=False):
    """Who called a tool: the model itself (`direct`) or a server tool's code."""

    type: str


class Block(Struct, gc=False):
    """One content block; which members count is said by `type`."""

    type: str
    text: str | None = None
    source: Raw = NULL
    """A `Source`; of a search result a JSON string."""
    title: str | None = None
    context: str | None = None
    citations: Raw = NULL
    """Of a text a list, of a document an object."""
    transformations: Raw = NULL
    id: str | None = None
    name: str | None = None
    input: Raw = NULL
    caller: Caller | None = None
    toolset_name: str | None = None
    tool_use_id: str | None = None
    content: Raw = NULL
    """Of a tool result a JSON string or list of blocks; of others whatever they hold."""
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    cache_control: CacheControl | None = None


class WireMessage(Struct, gc=False):
    """One turn."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block] | None = None


class WireTool(Struct, gc=False):
    """One tool; a `type` that is not `custom` is one that the provider knows by itself."""

    name: str | None = None
    type: str | None = None
    description: str | None = None
    input_schema: Raw = NULL
    strict: bool | None = None
    cache_control: CacheControl | None = None


class WireToolChoice(Struct, gc=False):
    """`tool_choice`."""

    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class WireThinking(Struct, gc=False):
    """`thinking`."""

    type: str
    budget_tokens: int | None = None


class WireFormat(Struct, gc=False):
    """`output_config.format`, and `output_format` as it was called before."""

    type: str
    schema: Raw = NULL


class OutputConfig(Struct, gc=False):
    """`output_config`."""

    effort: str | None = None
    format: WireFormat | None = None


class Metadata(Struct, gc=False):
    """`metadata`."""

    user_id: str | None = None


class WireRequest(Struct, gc=False):
    """The whole body. Members that are not here are unknown and travel as they are."""

    model: str
    messages: Annotated[list[WireMessage], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=0)] | None = None
    system: str | list[Block] | None = None
    stream: bool | None = None
    tools: list[WireTool] | None = None
    tool_choice: WireToolChoice | None = None
    thinking: WireThinking | None = None
    output_config: OutputConfig | None = None
    output_format: WireFormat | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    service_tier: str | None = None


REQUEST = msgspec.json.Decoder(WireRequest)
BLOCKS = msgspec.json.Decoder(list[Block])
SOURCE = msgspec.json.Decoder(Source)
CITING = msgspec.json.Decoder(Citing)
