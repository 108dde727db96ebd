"""The google-genai package."""

from typing import Any

import at
from at import RED_DOT, At, same
from google import genai
from google.genai import errors as failures
from google.genai import types
from pydantic import BaseModel

TOOL = types.Tool(
    function_declarations=[types.FunctionDeclaration(name="weather", parameters_json_schema=at.WEATHER_SCHEMA)]
)


class City(BaseModel):
    name: str
    people: int


def client(place: At) -> genai.Client:
    return genai.Client(api_key=place.key, http_options=types.HttpOptions(base_url=place.url))


def hello(place: At, scene: str) -> Any:
    config = types.GenerateContentConfig(system_instruction=at.SYSTEM)
    return {"model": place.model(scene), "contents": at.HELLO, "config": config}


def plain(place: At) -> None:
    with client(place) as asking:
        answer = asking.models.generate_content(**hello(place, "plain"))
    same(answer.text, at.SAID)
    _ended(answer)


def stream(place: At) -> None:
    with client(place) as asking:
        chunks = list(asking.models.generate_content_stream(**hello(place, "plain")))
    same("".join(chunk.text or "" for chunk in chunks), at.SAID)
    _ended(chunks[-1])


def _ended(answer: Any) -> None:
    same(answer.candidates[0].finish_reason, types.FinishReason.STOP)
    usage = answer.usage_metadata
    same((usage.prompt_token_count, usage.candidates_token_count), at.SPENT)


def tools(place: At) -> None:
    _rounds(place, "tools", ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(place, "parallel", ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(place: At, scene: str, cities: list[str], said: str) -> None:
    for streamed in (False, True):
        contents: list[Any] = [types.UserContent(at.WEATHER)]
        config = types.GenerateContentConfig(tools=[TOOL])
        parts = _ask(place, scene, contents, config, streamed)
        calls = [part.function_call for part in parts if part.function_call]
        same([call.args["city"] for call in calls], cities)
        told = [types.FunctionResponse(id=call.id, name=call.name, response={"result": at.TOLD}) for call in calls]
        contents += [
            types.ModelContent(parts),
            types.UserContent([types.Part(function_response=each) for each in told]),
        ]
        same("".join(part.text or "" for part in _ask(place, scene, contents, config, streamed)), said)


def _ask(place: At, scene: str, contents: Any, config: Any, streamed: bool) -> list[types.Part]:
    ask: Any = {"model": place.model(scene), "contents": contents, "config": config}
    with client(place) as asking:
        if streamed:
            chunks = list(asking.models.generate_content_stream(**ask))
        else:
            chunks = [asking.models.generate_content(**ask)]
    return [part for chunk in chunks for part in chunk.candidates[0].content.parts or []]


def structured(place: At) -> None:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=City)
    with client(place) as asking:
        answer = asking.models.generate_content(model=place.model("structured"), contents=at.CITY, config=config)
    same(answer.parsed, City(**at.OSLO))


def vision(place: At) -> None:
    picture = types.Part.from_bytes(data=RED_DOT, mime_type="image/png")
    with client(place) as asking:
        answer = asking.models.generate_content(model=place.model("vision"), contents=[at.PICTURE, picture])
    same(answer.text, at.DOT)


def errors(place: At) -> None:
    for scene, kind, status in (
        ("limited", failures.ClientError, 429),
        ("invalid", failures.ClientError, 400),
        ("lockedout", failures.ServerError, 502),
        ("nowhere", failures.ClientError, 404),
    ):
        with client(place) as asking:
            ask = hello(place, scene)
            caught = at.raises(kind, lambda ask=ask, asking=asking: asking.models.generate_content(**ask))
        same(caught.code, status)


def cancel(place: At) -> None:
    with client(place) as asking:
        events = asking.models.generate_content_stream(**hello(place, "endless"))
        assert any(chunk.text == " and" for chunk in events)
        events.close()
    place.wait_until_left()


def embeddings(place: At) -> None:
    def ask() -> Any:
        """One by one: several are parts of one for it where the model's name holds `gemini`."""
        with client(place) as asking:
            embed = asking.models.embed_content
            answers = [embed(model=place.model("embeddings"), contents=text) for text in at.TEXTS]
        return [each.values for answer in answers for each in answer.embeddings or ()]

    at.vectors(place, ask, failures.ClientError)


def counting(place: At) -> None:
    with client(place) as asking:
        answer = asking.models.count_tokens(model=place.model("counting"), contents=at.HELLO)
    at.counts(place, answer.total_tokens or 0)
