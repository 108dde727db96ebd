"""An answer as far as the engine looks at it: ends, usage, and whether there is anything to see (Gemini API reference,
GenerateContentResponse)."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_google.wire import Feedback, WireUsage
from lockgate_ports.carried import NULL, said


class SeenPart(Struct, rename="camel", gc=False):
    """Whether it says something."""

    text: str | None = None
    function_call: Raw = NULL


class SeenContent(Struct, gc=False):
    """Parts alone."""

    parts: list[SeenPart] | None = None


class SeenCandidate(Struct, rename="camel", gc=False):
    """What ended it, and whether it calls functions."""

    content: SeenContent | None = None
    index: int | None = None
    finish_reason: str | None = None

    @property
    def calls(self) -> bool:
        """Whether a function is called here."""
        parts = self.content.parts if self.content is not None else None
        return any(said(part.function_call) for part in parts or ())


class Seen(Struct, rename="camel", gc=False):
    """An answer or a chunk."""

    candidates: list[SeenCandidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: WireUsage | None = None
    model_version: str | None = None
    error: Raw = NULL


GLANCE = msgspec.json.Decoder(Seen)
