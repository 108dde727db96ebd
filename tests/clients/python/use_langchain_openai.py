"""langchain-openai: ChatOpenAI."""

from typing import Any

import at
import openai
from at import At, same
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

HELLO: list[Any] = [SystemMessage(at.SYSTEM), HumanMessage(at.HELLO)]
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": at.WEATHER_SCHEMA}}
FAILURES = (openai.RateLimitError, openai.BadRequestError, openai.InternalServerError, openai.NotFoundError)


class City(BaseModel):
    """A city."""

    name: str
    people: int


def model(place: At, scene: str) -> Any:
    return ChatOpenAI(
        base_url=f"{place.url}/v1", api_key=place.key, model=place.model(scene), max_retries=0, stream_usage=True
    )


def plain(place: At) -> None:
    _is_hello(model(place, "plain").invoke(HELLO))


def stream(place: At) -> None:
    whole: Any = None
    for chunk in model(place, "plain").stream(HELLO):
        whole = chunk if whole is None else whole + chunk
    _is_hello(whole)


def _is_hello(answer: Any) -> None:
    same(answer.text, at.SAID)
    same((answer.usage_metadata["input_tokens"], answer.usage_metadata["output_tokens"]), at.SPENT)


def tools(place: At) -> None:
    rounds(model(place, "tools"), ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    rounds(model(place, "parallel"), ["Oslo", "Rome"], at.SAID_OF_BOTH)


def rounds(chat: Any, cities: list[str], said: str, tool: Any = TOOL) -> None:
    bound = chat.bind_tools([tool])
    for streamed in (False, True):
        messages: list[Any] = [HumanMessage(at.WEATHER)]
        answer = _ask(bound, messages, streamed)
        same([call["args"]["city"] for call in answer.tool_calls], cities)
        messages += [answer, *(ToolMessage(at.TOLD, tool_call_id=call["id"]) for call in answer.tool_calls)]
        same(_ask(bound, messages, streamed).text, said)


def _ask(bound: Any, messages: list[Any], streamed: bool) -> Any:
    if not streamed:
        return bound.invoke(messages)
    whole: Any = None
    for chunk in bound.stream(messages):
        whole = chunk if whole is None else whole + chunk
    return AIMessage(whole.content, tool_calls=whole.tool_calls, additional_kwargs=whole.additional_kwargs)


def structured(place: At) -> None:
    same(model(place, "structured").with_structured_output(City).invoke(at.CITY), City(**at.OSLO))


def vision(place: At) -> None:
    see(model(place, "vision"))


def see(chat: Any) -> None:
    picture = {"type": "image", "source_type": "base64", "data": at.PICTURE_DATA, "mime_type": "image/png"}
    same(chat.invoke([HumanMessage([{"type": "text", "text": at.PICTURE}, picture])]).text, at.DOT)


def errors(place: At) -> None:
    for scene, kind in zip(("limited", "invalid", "lockedout", "nowhere"), FAILURES, strict=True):
        at.raises(kind, lambda scene=scene: model(place, scene).invoke(HELLO))


def cancel(place: At) -> None:
    events = model(place, "endless").stream(HELLO)
    assert any(chunk.text == " and" for chunk in events)
    events.close()
    place.wait_until_left()


def embeddings(place: At) -> None:
    made = OpenAIEmbeddings(
        base_url=f"{place.url}/v1",
        api_key=place.key,
        model=place.model("embeddings"),
        check_embedding_ctx_length=False,  # which would fetch a tokenizer
        max_retries=0,
    )
    at.vectors(place, lambda: made.embed_documents(at.TEXTS), openai.BadRequestError)
