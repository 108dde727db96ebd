"""Answers and stream chunks as typed structs (OpenAI API reference, Chat Completions, the objects chat.completion and
chat.completion.chunk), loose where servers differ: one struct reads a message and a delta alike.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.reasoning import Detail
from lockgate_ports.carried import NULL


class WireFunction(Struct, gc=False):
    """`arguments` is JSON text as a string; some servers send the object itself."""

    name: str | None = None
    arguments: Raw = NULL


class WireCustom(Struct, gc=False):
    """A custom tool's call."""

    name: str | None = None
    input: str | None = None


class WireCall(Struct, gc=False):
    """One of `tool_calls`; servers leave out or repeat `index` and `id`, or number the ids."""

    index: int | None = None
    id: str | int | None = None
    type: str | None = None
    function: WireFunction | None = None
    custom: WireCustom | None = None


class WireAudio(Struct, gc=False):
    """`audio`."""

    id: str | None = None
    data: str | None = None
    transcript: str | None = None
    expires_at: int | None = None


class WireDelta(Struct, gc=False):
    """A `message` or a `delta`. `thinking` is Ollama's word for reasoning."""

    content: str | list[Raw] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    thinking: Any = None
    reasoning_details: list[Detail] | None = None
    tool_calls: list[WireCall] | None = None
    function_call: WireFunction | None = None
    audio: WireAudio | None = None
    annotations: list[Raw] | None = None
    images: list[Raw] | None = None

    @property
    def words(self) -> str | None:
        """What it says where that is words and nothing else; None for any other."""
        content = self.content
        if not isinstance(content, str) or self.refusal or self.tool_calls or self.function_call or self.audio:
            return None
        if self.reasoning_content or self.reasoning or self.thinking or self.reasoning_details:
            return None
        return None if self.annotations or self.images else content

    @property
    def thought(self) -> str:
        """What the plain fields show of the reasoning."""
        for words in (self.reasoning_content, self.reasoning, self.thinking):
            if isinstance(words, str) and words:
                return words
        return ""


class WireLogprobs(Struct, gc=False):
    """Told only to see whether there are any."""

    content: list[Raw] | None = None
    refusal: list[Raw] | None = None


class WireChoice(Struct, gc=False):
    """A choice of an answer or of a chunk."""

    index: int | None = None
    delta: WireDelta | None = None
    message: WireDelta | None = None
    finish_reason: Any = None
    logprobs: Raw = NULL
    error: Raw = NULL


class GroqExtras(Struct, gc=False):
    """`x_groq`, where Groq puts a stream's usage when it was not asked for."""

    usage: Raw = NULL


class _Answer(Struct, gc=False):
    id: Any = None
    model: Any = None
    created: Any = None
    choices: list[WireChoice] | None = None
    usage: Raw = NULL
    error: Raw = NULL
    service_tier: Any = None
    system_fingerprint: Any = None


class WireAnswer(_Answer, gc=False):
    """An answer or a chunk."""

    x_groq: GroqExtras | None = None
    citations: Raw = NULL
    search_results: Raw = NULL


class KnownAnswer(_Answer, gc=False, forbid_unknown_fields=True):
    """An answer of nothing but members that have a canonical place, as most are: what decodes as this need not be
    looked through for more."""

    id: str | None = None
    model: str | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    object: Any = None


KNOWN = msgspec.json.Decoder(KnownAnswer)
ANSWER = msgspec.json.Decoder(WireAnswer)
LOGPROBS = msgspec.json.Decoder(WireLogprobs)
