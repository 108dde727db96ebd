"""How servers that speak Chat Completions differ from OpenAI's own, as data."""

from typing import Literal

from msgspec import Struct

NAME = "openai-chat"
ENVELOPED = frozenset((NAME, "openai-responses", "openai-completions", "openai-embeddings"))
"""The dialects that share OpenAI's envelope for errors."""

ReasoningField = Literal["reasoning_content", "reasoning", "reasoning_details", "content"]


class Quirks(Struct, frozen=True, kw_only=True):
    """One server's ways; the defaults are OpenAI's. A provider of this dialect is a base URL and a row of these."""

    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    stream_usage: bool = True
    """It takes `stream_options.include_usage`, and is asked for usage in every stream."""
    reasoning_field: ReasoningField | None = None
    """Where it takes back what a model thought: a member of the assistant's message, or thinking parts in `content`;
    None: nowhere."""
    reasoning_object: bool = False
    """It takes `reasoning: {effort, max_tokens, enabled}` rather than `reasoning_effort`."""
    sampling: tuple[str, ...] = ()
    """Words it knows beyond OpenAI's: `top_k`, `min_p`, `repetition_penalty`."""
    lacks: tuple[str, ...] = ()
    """Fields of OpenAI's that it does not know (`logit_bias`, `user`); of the two names for the limit on tokens the one
    that it refuses."""
    renames: tuple[tuple[str, str], ...] = ()
    """Fields of OpenAI's that it has another name for: (`seed`, `random_seed`)."""
    adds: tuple[tuple[str, bytes], ...] = ()
    """Fields, as JSON, that go with every request in which the caller does not set them."""
    formats: tuple[str, ...] = ("text", "json_object", "json_schema")
    """The types of `response_format` that it knows; another is refused, unless `params` is `pass`."""
    answers_by_tool: bool = False
    """A form of answer that it does not know is asked for by a tool that it must call, instead of being refused."""
    thinking: Literal["type", "adaptive", "enabled", "enable_thinking", "template"] | None = None
    """How reasoning is turned on and off: `thinking: {type: enabled | disabled}`, the same with `adaptive`,
    `reasoning: {enabled}`, `enable_thinking` beside `thinking_budget`, or `chat_template_kwargs: {enable_thinking}`;
    None: by `reasoning_effort` alone."""
    developer_role: bool = True
    """It knows the role `developer`; otherwise such a message goes as one of the system's."""
    strict_messages: bool = False
    """It refuses members of messages that it does not know: thoughts go back in `reasoning_field` alone."""
    call_ids: Literal["any", "nine"] = "any"
    """Which ids of tool calls it takes back: any, or nine letters and digits."""
    think_tags: bool = False
    """Its models may write what they think into `content`, between `<think>` and `</think>` at its beginning."""
    video_urls: bool = False
    """It takes `video_url` parts."""
    file_urls: bool = False
    """It takes a URL for `file_data`."""
    drawn_images: bool = False
    """It takes back what a model has drawn: `images` of an assistant's message."""
    cache_control: bool = False
    """It takes `cache_control` on content parts and tools."""
