"""The body of POST /v1/chat/completions as typed structs (OpenAI API reference, Chat Completions, Create).

They are check and source at once: decoding into them checks the shape of every known field, and the canonical view is
made from what they hold. `Raw` stands where a value is only carried, so that a large image is never copied.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from lockgate_ports.carried import NULL

WireRole = Literal["system", "developer", "user", "assistant", "tool", "function"]


class Named(Struct, gc=False):
    """A reference to a tool."""

    name: str


class FunctionCall(Struct, gc=False):
    """`arguments` is JSON text, as the model wrote it."""

    name: str
    arguments: str


class CustomCall(Struct, gc=False):
    """`input` is free text."""

    name: str
    input: str


class Call(Struct, gc=False):
    """One of an assistant message's `tool_calls`."""

    id: str
    type: str = "function"
    function: FunctionCall | None = None
    custom: CustomCall | None = None


class Url(Struct, gc=False):
    """`image_url` and `video_url`; `url` is a JSON string, an address or a data URL."""

    url: Raw
    detail: str | None = None


class InputAudio(Struct, gc=False):
    """`data` is a JSON string of base64."""

    data: Raw
    format: str


class FileBody(Struct, gc=False):
    """`file_data` is a JSON string: a data URL or bare base64."""

    file_data: Raw = NULL
    file_id: str | None = None
    filename: str | None = None


class CacheMark(Struct, gc=False):
    """`cache_control` or `prompt_cache_breakpoint` on a part."""

    ttl: str | None = None


class ContentPart(Struct, gc=False):
    """One item of a message's content; which member counts is said by `type`."""

    type: str
    text: str | None = None
    image_url: Raw = NULL
    """A `Url`, or a JSON string."""
    video_url: Raw = NULL
    input_audio: InputAudio | None = None
    file: FileBody | None = None
    refusal: str | None = None
    thinking: Raw = NULL
    """A list of text parts, or a JSON string."""
    signature: str | None = None
    cache_control: CacheMark | None = None
    prompt_cache_breakpoint: CacheMark | None = None


class AudioRef(Struct, gc=False):
    """An earlier spoken answer."""

    id: str


class WireMessage(Struct, gc=False):
    """One message, whatever its role."""

    role: WireRole
    content: str | list[ContentPart] | None = None
    name: str | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCall | None = None
    refusal: str | None = None
    audio: AudioRef | None = None


class FunctionDef(Struct, gc=False):
    """`parameters` is a JSON schema, an object."""

    name: str
    description: str | None = None
    parameters: Raw = NULL
    strict: bool | None = None


class CustomDef(Struct, gc=False):
    """`format` is an object: the grammar of the tool's input."""

    name: str
    description: str | None = None
    format: Raw = NULL


class WireTool(Struct, gc=False):
    """One tool; a `type` that is neither `function` nor `custom` is one the provider runs itself."""

    type: str
    function: FunctionDef | None = None
    custom: CustomDef | None = None
    cache_control: CacheMark | None = None


class AllowedTools(Struct, gc=False):
    """`mode` is `auto` or `required`."""

    mode: str
    tools: list[WireTool]


class WireToolChoice(Struct, gc=False):
    """`tool_choice` in its object form."""

    type: str
    function: Named | None = None
    custom: Named | None = None
    allowed_tools: AllowedTools | None = None


class WireSchema(Struct, gc=False):
    """`response_format.json_schema`."""

    name: str | None = None
    description: str | None = None
    schema: Raw = NULL
    strict: bool | None = None


class WireFormat(Struct, gc=False):
    """`response_format`."""

    type: str
    json_schema: WireSchema | None = None
    schema: Raw = NULL


class WireReasoning(Struct, gc=False):
    """`reasoning`, as OpenRouter's reference has it."""

    effort: str | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    summary: str | None = None


class StreamOptions(Struct, gc=False):
    """`stream_options`."""

    include_usage: bool | None = None


class WireAudioOutput(Struct, gc=False):
    """`audio`; `voice` is a JSON string or object."""

    format: str
    voice: Raw


class Prediction(Struct, gc=False):
    """`prediction`."""

    type: str
    content: str | list[ContentPart]


class WireRequest(Struct, gc=False):
    """The whole body. Members that are not here are unknown and travel as they are."""

    model: str
    messages: Annotated[list[WireMessage], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[WireTool] | None = None
    tool_choice: str | WireToolChoice | None = None
    functions: list[FunctionDef] | None = None
    function_call: str | Named | None = None
    parallel_tool_calls: bool | None = None
    response_format: WireFormat | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: Annotated[int, Meta(ge=1)] | None = None
    stop: str | list[str] | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    reasoning: WireReasoning | None = None
    verbosity: str | None = None
    modalities: list[str] | None = None
    audio: WireAudioOutput | None = None
    prediction: Prediction | None = None
    service_tier: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    store: bool | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    safety_identifier: str | None = None


class KnownMessage(WireMessage, gc=False, forbid_unknown_fields=True):
    """One with no member besides those."""


class KnownRequest(WireRequest, gc=False, forbid_unknown_fields=True):
    """A body that has no member besides those, nor have its messages."""

    messages: Annotated[list[KnownMessage], Meta(min_length=1)]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]


KNOWN = msgspec.json.Decoder(KnownRequest)
REQUEST = msgspec.json.Decoder(WireRequest)
URL = msgspec.json.Decoder(Url)
