"""pydantic-ai, with its models for OpenAI."""

import asyncio
from typing import Any

import at
from at import RED_DOT, At, same
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput, capture_run_messages
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ToolCallPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


class City(BaseModel):
    """A city."""

    name: str
    people: int


def model(place: At, scene: str) -> Any:
    return OpenAIChatModel(place.model(scene), provider=OpenAIProvider(base_url=f"{place.url}/v1", api_key=place.key))


def plain(place: At) -> None:
    answer = Agent(model(place, "plain"), instructions=at.SYSTEM).run_sync(at.HELLO)
    same(answer.output, at.SAID)
    usage: Any = answer.usage
    usage = usage() if callable(usage) else usage
    same((usage.input_tokens, usage.output_tokens), at.SPENT)


def stream(place: At) -> None:
    async def run() -> None:
        async with Agent(model(place, "plain"), instructions=at.SYSTEM).run_stream(at.HELLO) as answer:
            same(await answer.get_output(), at.SAID)

    asyncio.run(run())


def tools(place: At) -> None:
    _rounds(model(place, "tools"), ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(model(place, "parallel"), ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(chat: Any, cities: list[str], said: str) -> None:
    agent = Agent(chat)

    @agent.tool_plain
    def weather(city: str) -> str:
        return at.TOLD

    with capture_run_messages() as messages:
        same(agent.run_sync(at.WEATHER).output, said)
    calls = [part for message in messages for part in message.parts if isinstance(part, ToolCallPart)]
    same([call.args_as_dict()["city"] for call in calls], cities)

    async def streamed() -> None:
        async with agent.run_stream(at.WEATHER) as answer:
            same(await answer.get_output(), said)

    asyncio.run(streamed())


def structured(place: At) -> None:
    for output in (City, NativeOutput(City)):
        answer: Any = Agent(model(place, "structured"), output_type=output).run_sync(at.CITY)
        same(answer.output, City(**at.OSLO))


def vision(place: At) -> None:
    picture = BinaryContent(RED_DOT, media_type="image/png")
    same(Agent(model(place, "vision")).run_sync([at.PICTURE, picture]).output, at.DOT)


def errors(place: At) -> None:
    for scene, status in (("limited", 429), ("invalid", 400), ("lockedout", 502), ("nowhere", 404)):
        agent = Agent(model(place, scene))
        same(at.raises(ModelHTTPError, lambda agent=agent: agent.run_sync(at.HELLO)).status_code, status)


def cancel(place: At) -> None:
    async def run() -> None:
        async with Agent(model(place, "endless")).run_stream(at.HELLO) as answer:
            async for words in answer.stream_text(delta=True, debounce_by=None):
                if words == " and":
                    break
        await asyncio.to_thread(place.wait_until_left)

    asyncio.run(run())
