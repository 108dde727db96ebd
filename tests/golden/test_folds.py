"""Whatever the provider speaks, an SDK makes of a stream the same object as of a plain answer, and all of it."""

import re
from typing import Any

import pytest
from folds import SDKS
from world import LANGUAGES, world

from lockgate_ports.parts import Part, Text, Thinking, ToolCall
from lockgate_ports.testkit import Sample


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("surface", SDKS)
async def test_a_stream_and_a_plain_call_give_the_same_object(surface: str, language: str) -> None:
    faults: dict[str, Any] = {}
    async with world() as (upstream, gateway):
        for name, sample in LANGUAGES[language].answers.items():
            if surface == language == "anthropic-messages" and sample.usage is None:
                continue  # goes through as it came, and its SDK insists on usage
            upstream.say(sample)
            plain, folded = await SDKS[surface](gateway.url, language)
            missing = [words for words in _words(sample) if words not in repr(plain)]
            if _still(plain) != _still(folded) or missing:
                faults[name] = {"plain": plain, "folded": folded, "missing": missing}
    assert not faults


def _still(told: Any) -> str:
    """Without the id and the time that tell one call from another."""
    return re.sub(r"[0-9a-f]{24}|\b(?:17[89]|1[89]\d|[2-9]\d\d)\d{7}\b", "", repr(told))


def _words(sample: Sample) -> list[str]:
    """What of the first choice every client must find; a tool call's id where the wire has one."""
    return [words for part in sample.choices[0].parts for words in _of(part) if words]


def _of(part: Part) -> list[str]:
    match part:
        case Text(text) | Thinking(text):
            return [text]
        case ToolCall():
            return [part.name, part.id]
        case _:
            return []
