"""langchain-anthropic: ChatAnthropic."""

from typing import Any

import anthropic
import at
import use_langchain_openai as shared
from at import At, same
from langchain_anthropic import ChatAnthropic

TOOL: Any = {"name": "weather", "input_schema": at.WEATHER_SCHEMA}
FAILURES = (
    anthropic.RateLimitError,
    anthropic.BadRequestError,
    anthropic.InternalServerError,
    anthropic.NotFoundError,
)


def model(place: At, scene: str) -> Any:
    return ChatAnthropic(base_url=place.url, api_key=place.key, model=place.model(scene), max_retries=0, max_tokens=99)


def plain(place: At) -> None:
    _is_hello(model(place, "plain").invoke(shared.HELLO))


def stream(place: At) -> None:
    whole: Any = None
    for chunk in model(place, "plain").stream(shared.HELLO):
        whole = chunk if whole is None else whole + chunk
    same(whole.text, at.SAID)


def _is_hello(answer: Any) -> None:
    same(answer.text, at.SAID)
    same((answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]), at.SPENT)


def tools(place: At) -> None:
    shared.rounds(model(place, "tools"), ["Oslo"], at.SAID_OF_OSLO, TOOL)


def parallel(place: At) -> None:
    shared.rounds(model(place, "parallel"), ["Oslo", "Rome"], at.SAID_OF_BOTH, TOOL)


def structured(place: At) -> None:
    same(model(place, "structured").with_structured_output(shared.City).invoke(at.CITY), shared.City(**at.OSLO))


def vision(place: At) -> None:
    shared.see(model(place, "vision"))


def errors(place: At) -> None:
    for scene, kind in zip(("limited", "invalid", "lockedout", "nowhere"), FAILURES, strict=True):
        at.raises(kind, lambda scene=scene: model(place, scene).invoke(shared.HELLO))


def cancel(place: At) -> None:
    events = model(place, "endless").stream(shared.HELLO)
    assert any(chunk.text == " and" for chunk in events)
    events.close()
    place.wait_until_left()


def counting(place: At) -> None:
    at.counts(place, model(place, "counting").get_num_tokens_from_messages(shared.HELLO))
