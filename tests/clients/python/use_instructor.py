"""instructor, over the openai package: structured output by a tool, and by a JSON schema."""

from typing import Any

import at
import instructor
from at import At, same
from instructor.core import InstructorRetryException
from use_openai_chat import City, client

MODES = (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA)


def structured(place: At) -> None:
    for mode in MODES:
        same(_ask(place, "structured", mode).model_dump(), at.OSLO)


def stream(place: At) -> None:
    for mode in MODES:
        asking = instructor.from_openai(client(place), mode=mode)
        partials = asking.chat.completions.create_partial(
            model=place.model("structured"), messages=[{"role": "user", "content": at.CITY}], response_model=City
        )
        *_, last = partials
        same((last.name, last.people), ("Oslo", 709000))


def errors(place: At) -> None:
    caught = at.raises(InstructorRetryException, lambda: _ask(place, "limited", instructor.Mode.TOOLS))
    assert "429" in str(caught), caught


def _ask(place: At, scene: str, mode: instructor.Mode) -> Any:
    asking = instructor.from_openai(client(place), mode=mode)
    messages: Any = [{"role": "user", "content": at.CITY}]
    return asking.chat.completions.create(
        model=place.model(scene), messages=messages, response_model=City, max_retries=1
    )
