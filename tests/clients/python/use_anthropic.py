"""The anthropic package, Messages."""

from typing import Any

import anthropic
import at
from at import At, same
from pydantic import BaseModel

TOOL: Any = {"name": "weather", "input_schema": at.WEATHER_SCHEMA}


class City(BaseModel):
    name: str
    people: int


def client(place: At) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=place.url, api_key=place.key, max_retries=0)


def hello(place: At, scene: str) -> Any:
    messages = [{"role": "user", "content": at.HELLO}]
    return {"model": place.model(scene), "system": at.SYSTEM, "max_tokens": 99, "messages": messages}


def plain(place: At) -> None:
    _is_hello(client(place).messages.create(**hello(place, "plain")))


def stream(place: At) -> None:
    with client(place).messages.stream(**hello(place, "plain")) as events:
        _is_hello(events.get_final_message())


def _is_hello(answer: Any) -> None:
    same((answer.content[0].text, answer.stop_reason), (at.SAID, "end_turn"))
    same((answer.usage.input_tokens, answer.usage.output_tokens), at.SPENT)


def tools(place: At) -> None:
    _rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(place: At, scene: str, cities: list[str], said: str) -> None:
    for streamed in (False, True):
        messages: list[Any] = [{"role": "user", "content": at.WEATHER}]
        ask: Any = {"model": place.model(scene), "max_tokens": 99, "messages": messages, "tools": [TOOL]}
        answer = _ask(place, ask, streamed)
        same(answer.stop_reason, "tool_use")
        uses = [block for block in answer.content if block.type == "tool_use"]
        same([use.input["city"] for use in uses], cities)
        results = [{"type": "tool_result", "tool_use_id": use.id, "content": at.TOLD} for use in uses]
        messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
        same(_ask(place, ask, streamed).content[-1].text, said)


def _ask(place: At, ask: Any, streamed: bool) -> Any:
    if not streamed:
        return client(place).messages.create(**ask)
    with client(place).messages.stream(**ask) as events:
        return events.get_final_message()


def structured(place: At) -> None:
    answer = client(place).messages.parse(
        model=place.model("structured"),
        max_tokens=99,
        messages=[{"role": "user", "content": at.CITY}],
        output_format=City,
    )
    same(answer.parsed_output, City(**at.OSLO))


def vision(place: At) -> None:
    source: Any = {"type": "base64", "media_type": "image/png", "data": at.PICTURE_DATA}
    content: Any = [{"type": "image", "source": source}, {"type": "text", "text": at.PICTURE}]
    answer = client(place).messages.create(
        model=place.model("vision"), max_tokens=99, messages=[{"role": "user", "content": content}]
    )
    same(answer.content[0].text, at.DOT)


def errors(place: At) -> None:
    def ask(scene: str) -> Any:
        return lambda: client(place).messages.create(**hello(place, scene))

    limited = at.raises(anthropic.RateLimitError, ask("limited"))
    same(limited.response.headers["retry-after"], "7")
    at.raises(anthropic.BadRequestError, ask("invalid"))
    at.raises(anthropic.InternalServerError, ask("lockedout"))
    at.raises(anthropic.NotFoundError, ask("nowhere"))


def cancel(place: At) -> None:
    with client(place).messages.stream(**hello(place, "endless")) as events:
        assert any(word == " and" for word in events.text_stream)
    place.wait_until_left()


def counting(place: At) -> None:
    ask = hello(place, "counting")
    del ask["max_tokens"]
    at.counts(place, client(place).messages.count_tokens(**ask).input_tokens)
