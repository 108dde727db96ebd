"""llama-index: OpenAILike."""

from typing import Any

import at
import openai
from at import RED_DOT, At, same
from llama_index.core.llms import ChatMessage, ImageBlock, MessageRole, TextBlock
from llama_index.core.tools import FunctionTool, ToolMetadata
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

HELLO = [ChatMessage(role="system", content=at.SYSTEM), ChatMessage(role="user", content=at.HELLO)]


class City(BaseModel):
    """A city."""

    name: str
    people: int


class Weather(BaseModel):
    city: str


def model(place: At, scene: str) -> OpenAILike:
    return OpenAILike(
        api_base=f"{place.url}/v1",
        api_key=place.key,
        model=place.model(scene),
        is_chat_model=True,
        is_function_calling_model=True,
        max_retries=0,
    )


def plain(place: At) -> None:
    answer = model(place, "plain").chat(HELLO)
    same(answer.message.content, at.SAID)
    usage: Any = answer.raw.usage
    same((usage.prompt_tokens, usage.completion_tokens), at.SPENT)


def stream(place: At) -> None:
    same("".join(chunk.delta or "" for chunk in model(place, "plain").stream_chat(HELLO)), at.SAID)


def tools(place: At) -> None:
    _rounds(model(place, "tools"), ["Oslo"], at.SAID_OF_OSLO)


def parallel(place: At) -> None:
    _rounds(model(place, "parallel"), ["Oslo", "Rome"], at.SAID_OF_BOTH)


def _rounds(llm: OpenAILike, cities: list[str], said: str) -> None:
    tool = FunctionTool(lambda city: at.TOLD, ToolMetadata("Tells.", name="weather", fn_schema=Weather))
    ask: Any = {"allow_parallel_tool_calls": True}
    for streamed in (False, True):
        history = [ChatMessage(role="user", content=at.WEATHER)]
        if streamed:
            *_, answer = llm.stream_chat_with_tools([tool], chat_history=history, **ask)
        else:
            answer = llm.chat_with_tools([tool], chat_history=history, **ask)
        calls = llm.get_tool_calls_from_response(answer)
        same([call.tool_kwargs["city"] for call in calls], cities)
        history.append(answer.message)
        history += [
            ChatMessage(role=MessageRole.TOOL, content=at.TOLD, additional_kwargs={"tool_call_id": call.tool_id})
            for call in calls
        ]
        same(llm.chat_with_tools([tool], chat_history=history, **ask).message.content, said)


def structured(place: At) -> None:
    same(model(place, "structured").as_structured_llm(City).complete(at.CITY).raw, City(**at.OSLO))


def vision(place: At) -> None:
    blocks = [TextBlock(text=at.PICTURE), ImageBlock(image=RED_DOT, image_mimetype="image/png")]
    same(model(place, "vision").chat([ChatMessage(role="user", blocks=blocks)]).message.content, at.DOT)


def errors(place: At) -> None:
    for scene, kind in (
        ("limited", openai.RateLimitError),
        ("invalid", openai.BadRequestError),
        ("lockedout", openai.InternalServerError),
        ("nowhere", openai.NotFoundError),
    ):
        at.raises(kind, lambda scene=scene: model(place, scene).chat(HELLO))


def cancel(place: At) -> None:
    llm = model(place, "endless")
    events = llm.stream_chat(HELLO)
    assert any(chunk.delta == " and" for chunk in events)
    events.close()
    llm._get_client().close()
    place.wait_until_left()


def embeddings(place: At) -> None:
    made = OpenAILikeEmbedding(
        api_base=f"{place.url}/v1", api_key=place.key, model_name=place.model("embeddings"), max_retries=0
    )
    at.vectors(place, lambda: made.get_text_embedding_batch(at.TEXTS), openai.BadRequestError)
