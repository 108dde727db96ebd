"""How servers that speak Chat Completions differ from OpenAI's own, as data."""

from typing import Literal

from msgspec import Struct

NAME = "openai-chat"

ReasoningField = Literal["reasoning_content", "reasoning", "content"]


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
    """Fields of OpenAI's that it does not know (`logit_bias`, `user`)."""
    video_urls: bool = False
    """It takes `video_url` parts."""
    file_urls: bool = False
    """It takes a URL for `file_data`."""
    cache_control: bool = False
    """It takes `cache_control` on content parts and tools."""
