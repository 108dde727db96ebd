"""Reasoning items and canonical thinking: several pieces of text, and an encrypted block that must come back unchanged
(OpenAI API reference, Responses, the object reasoning).
"""

from collections.abc import Sequence
from typing import Any

from llm_plugin_openai.responses.request_wire import NAME
from lockgate_ports.parts import Thinking
from lockgate_ports.seals import open_thought, seal_thought

BREAK = "\n\n"
"""Stands before every piece of an item but the first, so that the pieces read well in one run."""
RAW_TEXT = "reasoning_text"
"""The signature of thinking that was shown as it was thought, not as a summary of it."""


def thoughts_of(
    item_id: str | None, summary: Sequence[str], content: Sequence[str], encrypted: str | None
) -> list[Thinking]:
    """One Thinking a piece; the encrypted block stands with the last."""
    thoughts = [Thinking(spaced(words, place), id=item_id) for place, words in enumerate(summary)]
    thoughts += [
        Thinking(spaced(words, place), RAW_TEXT, id=item_id, native=NAME)
        for place, words in enumerate(content, start=len(summary))
    ]
    if encrypted is None:
        return thoughts
    opened = open_thought("".join(thought.text for thought in thoughts), encrypted)
    if opened is not None:
        return [opened]
    last = thoughts.pop() if thoughts else Thinking()
    return [*thoughts, Thinking(last.text, last.signature, encrypted, item_id, NAME)]


def spaced(words: str, place: int) -> str:
    """The words of the piece at `place` of its item."""
    return BREAK + words if place else words


def reasoning_item(thoughts: Sequence[Thinking]) -> dict[str, Any]:
    """The item that these pieces of one id make up."""
    pieces = [
        (thought.signature == RAW_TEXT, thought.text.removeprefix(BREAK) if place else thought.text)
        for place, thought in enumerate(thoughts)
    ]
    item: dict[str, Any] = {"type": "reasoning"}
    if (item_id := thoughts[0].id) is not None:
        item["id"] = item_id
    item["summary"] = [{"type": "summary_text", "text": words} for raw, words in pieces if words and not raw]
    if content := [{"type": RAW_TEXT, "text": words} for raw, words in pieces if words and raw]:
        item["content"] = content
    redacted = [word for thought in thoughts if (word := encrypted_word(thought)) is not None]
    if redacted:
        item["encrypted_content"] = redacted[-1]
    return item


def encrypted_word(thought: Thinking) -> str | None:
    """`encrypted_content`. What another dialect signed or encrypted is sealed in place of a block of this one's."""
    return thought.redacted if thought.native == NAME else seal_thought(thought, NAME)
