"""The fields in which servers show what a model thought, and take it back.

OpenAI's own reference has none of them: `reasoning_content` is DeepSeek's and vLLM's word, `reasoning` Groq's, and
`reasoning_details` OpenRouter's, whose items carry signatures and encrypted blocks that must come back unchanged.
"""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_openai.quirks import NAME
from lockgate_ports.parts import Thinking

FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_details")


class Detail(Struct, gc=False):
    """One item of `reasoning_details`: `reasoning.text`, `reasoning.summary` or `reasoning.encrypted`."""

    type: str = "reasoning.text"
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    id: str | None = None
    index: int | float | str | None = None

    @property
    def words(self) -> str:
        """What can be read of it."""
        return self.text or self.summary or ""

    @property
    def key(self) -> tuple[object, ...]:
        """The same for all the pieces of one item in a stream."""
        return (self.type, self.index, self.id if self.data else None)


DETAILS = msgspec.json.Decoder(list[Detail])


def thoughts_of(words: str, details: list[Detail]) -> list[tuple[object, Thinking]]:
    """The thinking of a message or delta, each with a key that its continuation in a later delta shares.

    The plain field repeats what the details say, and counts where they say nothing.
    """
    thoughts: list[tuple[object, Thinking]] = [
        (each.key, Thinking(each.words, each.signature, each.data, each.id, NAME))
        for each in details
        if each.words or each.signature or each.data
    ]
    if words and not any(thought.text for _, thought in thoughts):
        thoughts.insert(0, ("plain", Thinking(words, native=NAME)))
    return thoughts


def detail_of(thought: Thinking) -> dict[str, Any]:
    """Thinking with a signature or an encrypted block, as an item of `reasoning_details`."""
    if thought.redacted is not None:
        item: dict[str, Any] = {"type": "reasoning.encrypted", "data": thought.redacted}
    else:
        item = {"type": "reasoning.text", "text": thought.text}
    if thought.signature is not None:
        item["signature"] = thought.signature
    if thought.id is not None:
        item["id"] = thought.id
    return item
