"""The openai package, Chat Completions."""

import json
from typing import Any

import at
import openai
from at import At, same
from pydantic import BaseModel

TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": at.WEATHER_SCHEMA}}


class City(BaseModel):
    name: str
    people: int


def client(place: At) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{place.url}/v1", api_key=place.key, max_retries=0)


def hello(**more: Any) -> Any:
    return {"messages": [{"role": "system", "content": at.SYSTEM}, {"role": "user", "content": at.HELLO}], **more}


def plain(place: At) -> None:
    answer = client(place).chat.completions.create(model=place.model("plain"), **hello())
    same(answer.choices[0].message.content, at.SAID)
    same(answer.choices[0].finish_reason, "stop")
    same((answer.usage.prompt_tokens, answer.usage.completion_tokens), at.SPENT)


def stream(place: At) -> None:
    options: Any = {"include_usage": True}
    with client(place).chat.completions.stream(model=place.model("plain"), **hello(stream_options=options)) as events:
        answer = events.get_final_completion()
    same(answer.choices[0].message.content, at.SAID)
    same(answer.choices[0].finish_reason, "stop")
    same((answer.usage.prompt_tokens, answer.usage.completion_tokens), at.SPENT)


def tools(place: At) -> None:
    _rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(place: At, scene: str, cities: list[str], said: str) -> None:
    for streamed in (False, True):
        messages: list[Any] = [{"role": "user", "content": at.WEATHER}]
        ask: Any = {"model": place.model(scene), "messages": messages, "tools": [TOOL]}
        message = _ask(place, ask, streamed)
        calls = message.tool_calls
        same([json.loads(call.function.arguments)["city"] for call in calls], cities)
        messages.append(message)
        messages += [{"role": "tool", "tool_call_id": call.id, "content": at.TOLD} for call in calls]
        same(_ask(place, ask, streamed).content, said)


def _ask(place: At, ask: Any, streamed: bool) -> Any:
    if not streamed:
        return client(place).chat.completions.create(**ask).choices[0].message
    with client(place).chat.completions.stream(**ask) as events:
        return events.get_final_completion().choices[0].message


def structured(place: At) -> None:
    messages: Any = [{"role": "user", "content": at.CITY}]
    answer = client(place).chat.completions.parse(
        model=place.model("structured"), messages=messages, response_format=City
    )
    same(answer.choices[0].message.parsed, City(**at.OSLO))


def vision(place: At) -> None:
    picture: Any = {"type": "image_url", "image_url": {"url": at.PICTURE_URL}}
    content = [{"type": "text", "text": at.PICTURE}, picture]
    answer = client(place).chat.completions.create(
        model=place.model("vision"), messages=[{"role": "user", "content": content}]
    )
    same(answer.choices[0].message.content, at.DOT)


def errors(place: At) -> None:
    def ask(scene: str) -> Any:
        return lambda: client(place).chat.completions.create(model=place.model(scene), **hello())

    limited = at.raises(openai.RateLimitError, ask("limited"))
    same(limited.response.headers["retry-after"], "7")
    at.raises(openai.BadRequestError, ask("invalid"))
    at.raises(openai.InternalServerError, ask("lockedout"))
    at.raises(openai.NotFoundError, ask("nowhere"))


def cancel(place: At) -> None:
    events = client(place).chat.completions.create(model=place.model("endless"), stream=True, **hello())
    assert any(chunk.choices[0].delta.content == " and" for chunk in events)
    events.close()
    place.wait_until_left()


def embeddings(place: At) -> None:
    def ask(**more: Any) -> Any:
        make = client(place).embeddings.create
        return [each.embedding for each in make(model=place.model("embeddings"), input=at.TEXTS, **more).data]

    at.vectors(place, ask, openai.BadRequestError)  # in base64, unless one says otherwise
    at.vectors(place, lambda: ask(encoding_format="float"), openai.BadRequestError)
