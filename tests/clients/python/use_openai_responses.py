"""The openai package, Responses."""

import json
from typing import Any

import at
import openai
from at import At, same
from use_openai_chat import City, client

TOOL: Any = {"type": "function", "name": "weather", "parameters": at.WEATHER_SCHEMA, "strict": True}


def hello(place: At, scene: str) -> Any:
    return {"model": place.model(scene), "instructions": at.SYSTEM, "input": at.HELLO}


def plain(place: At) -> None:
    _is_hello(client(place).responses.create(**hello(place, "plain")))


def stream(place: At) -> None:
    with client(place).responses.stream(**hello(place, "plain")) as events:
        for _ in events:
            pass
        _is_hello(events.get_final_response())


def _is_hello(answer: Any) -> None:
    same((answer.output_text, answer.status), (at.SAID, "completed"))
    same((answer.usage.input_tokens, answer.usage.output_tokens), at.SPENT)


def tools(place: At) -> None:
    _rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(place: At, scene: str, cities: list[str], said: str) -> None:
    for streamed in (False, True):
        items: list[Any] = [{"role": "user", "content": at.WEATHER}]
        ask: Any = {"model": place.model(scene), "input": items, "tools": [TOOL]}
        answer = _ask(place, ask, streamed)
        calls = [item for item in answer.output if item.type == "function_call"]
        same([json.loads(call.arguments)["city"] for call in calls], cities)
        items += [item.to_dict() for item in answer.output]
        for item in items:
            item.pop("parsed_arguments", None)  # which the SDK adds when it reads a stream
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": at.TOLD} for call in calls]
        same(_ask(place, ask, streamed).output_text, said)


def _ask(place: At, ask: Any, streamed: bool) -> Any:
    if not streamed:
        return client(place).responses.create(**ask)
    with client(place).responses.stream(**ask) as events:
        return events.get_final_response()


def structured(place: At) -> None:
    answer = client(place).responses.parse(model=place.model("structured"), input=at.CITY, text_format=City)
    same(answer.output_parsed, City(**at.OSLO))


def vision(place: At) -> None:
    picture: Any = {"type": "input_image", "image_url": at.PICTURE_URL, "detail": "auto"}
    content: Any = [{"type": "input_text", "text": at.PICTURE}, picture]
    answer = client(place).responses.create(model=place.model("vision"), input=[{"role": "user", "content": content}])
    same(answer.output_text, at.DOT)


def errors(place: At) -> None:
    def ask(scene: str) -> Any:
        return lambda: client(place).responses.create(**hello(place, scene))

    at.raises(openai.RateLimitError, ask("limited"))
    at.raises(openai.BadRequestError, ask("invalid"))
    at.raises(openai.InternalServerError, ask("lockedout"))
    at.raises(openai.NotFoundError, ask("nowhere"))


def cancel(place: At) -> None:
    events = client(place).responses.create(stream=True, **hello(place, "endless"))
    assert any(event.type == "response.output_text.delta" and event.delta == " and" for event in events)
    events.close()
    place.wait_until_left()


def counting(place: At) -> None:
    count = client(place).responses.input_tokens.count
    at.counts(place, count(model=place.model("counting"), input=at.HELLO).input_tokens)
