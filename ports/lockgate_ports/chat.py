"""The canonical chat request and answer: what every dialect is translated to and from."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Raw, Struct

from lockgate_ports.parts import (
    Audio,
    CacheHint,
    File,
    Image,
    Message,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    Video,
)
from lockgate_ports.usage import Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter"]
"""Why a choice ended: by itself, at a token limit, to have tools called, or stopped by a filter or refusal."""


class FunctionTool(Struct, frozen=True, tag="function", tag_field="kind"):
    """A function the model may call; `parameters` is a JSON schema (an object), as the caller wrote it."""

    name: str
    description: str | None = None
    parameters: Raw | None = None
    strict: bool | None = None
    cache: CacheHint | None = None


class CustomTool(Struct, frozen=True, tag="custom", tag_field="kind"):
    """A tool that takes free text; `format` is the grammar for it, as the caller wrote it."""

    name: str
    description: str | None = None
    format: Raw | None = None


class NativeTool(Struct, frozen=True, tag="native", tag_field="kind"):
    """A tool that a provider runs itself (web search, code execution), kept as it came in `dialect`."""

    dialect: str
    type: str
    raw: Raw


Tool = FunctionTool | CustomTool | NativeTool


class ToolChoice(Struct, frozen=True):
    """Whether and which tools are called: freely, not at all, at least one, `name`, or one of `allowed`."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None
    custom: bool = False
    """`name` is a custom tool."""
    allowed: tuple[str, ...] = ()


class ResponseFormat(Struct, frozen=True):
    """The form of the answer; `schema` is a JSON schema for `json_schema`."""

    type: Literal["text", "json_object", "json_schema"]
    schema: Raw | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Reasoning(Struct, frozen=True, omit_defaults=True):
    """How much the model may think: an `effort` word, a budget in tokens, or on and off."""

    effort: str | None = None
    budget_tokens: int | None = None
    enabled: bool | None = None
    summary: str | None = None


class AudioOutput(Struct, frozen=True):
    """Spoken answers; `voice` is the provider's name for it, or a JSON object, as it came."""

    format: str
    voice: Raw


class ChatRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat call. Every field but `model` and `messages` may be left out: None means that the caller did not say."""

    model: str
    messages: tuple[Message, ...]
    stream: bool = False
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    """The most tokens one answer may have, reasoning included."""
    n: int | None = None
    stop: tuple[str, ...] = ()
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
    reasoning: Reasoning | None = None
    verbosity: str | None = None
    modalities: tuple[str, ...] = ()
    audio: AudioOutput | None = None
    prediction: Message | None = None
    service_tier: str | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    """The end user's id, for the provider's abuse watch."""
    store: bool | None = None
    prompt_cache_key: str | None = None
    prompt_cache_ttl: str | None = None
    include_usage: bool | None = None
    """The caller wants usage at the end of a stream."""
    extra: Mapping[str, Raw] = {}
    """Fields that only the dialect `native` knows, by their name there."""
    native: str | None = None


class Choice(Struct, frozen=True):
    """One answer. `finish_reason` is None when the provider gave a word that means none of ours."""

    index: int = 0
    parts: tuple[Part, ...] = ()
    finish_reason: FinishReason | None = None
    native_finish_reason: str | None = None
    """The provider's own word."""
    logprobs: Raw | None = None
    """A JSON object in OpenAI's form."""

    @property
    def text(self) -> str:
        """All text parts joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def thinking(self) -> str:
        """All thinking shown, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, Thinking))

    @property
    def refusal(self) -> str | None:
        """The model's words of refusal, or None."""
        words = [part.text for part in self.parts if isinstance(part, Refusal)]
        return "".join(words) if words else None

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools the model asks for, in its order."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall))

    @property
    def media(self) -> tuple[Audio | Image | Video | File | Native, ...]:
        """Parts that are neither words nor tool calls."""
        return tuple(part for part in self.parts if isinstance(part, Audio | Image | Video | File | Native))


class ChatResponse(Struct, frozen=True):
    """A whole answer. `created` is seconds since 1970; `usage` is None when the provider did not report it."""

    choices: tuple[Choice, ...]
    id: str | None = None
    model: str | None = None
    created: int | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    extra: Mapping[str, Raw] = {}
    """Fields that only the dialect `native` knows, by their name there."""
    native: str | None = None

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return self.choices[0].text if self.choices else ""
