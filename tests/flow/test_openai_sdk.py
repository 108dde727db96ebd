"""The official OpenAI SDK as a client: a stream gives the same final object as a plain call."""

import json
from typing import Any

import openai
import pytest
from gateway import serving, settings
from upstream import CLOSE, DONE, RESET, SSE_HEAD, USAGE, completion, event, http, upstream

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}},
]
MESSAGES = [{"role": "user", "content": "hi"}]


def opened(index: int) -> dict[str, Any]:
    call = CALLS[index]
    return {"index": index, **call, "function": {"name": call["function"]["name"], "arguments": ""}}


def more(index: int, arguments: str) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments}}


TOOL_DELTAS = [
    {"role": "assistant", "content": None, "tool_calls": [opened(0)]},
    {"tool_calls": [more(0, '{"city": ')]},
    {"tool_calls": [more(0, '"Oslo"}')]},
]
PARALLEL_DELTAS = [*TOOL_DELTAS, {"tool_calls": [opened(1)]}, {"tool_calls": [more(1, '{"city": "Rome"}')]}]
CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], str]] = {
    "text": ({"content": "caf\u00e9!"}, [{"role": "assistant", "content": "caf"}, {"content": "\u00e9!"}], "stop"),
    "tool call": ({"content": None, "tool_calls": CALLS[:1]}, TOOL_DELTAS, "tool_calls"),
    "parallel tool calls": ({"content": None, "tool_calls": CALLS}, PARALLEL_DELTAS, "tool_calls"),
    "refusal": ({"content": None, "refusal": "No, sorry."}, [{"refusal": "No, "}, {"refusal": "sorry."}], "stop"),
}


def calls(message: Any) -> list[tuple[str, str, str]]:
    return [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or []]


def client(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0)


@pytest.mark.parametrize("case", CASES)
async def test_a_stream_and_a_plain_call_give_the_same_object(case: str):
    message, deltas, finish = CASES[case]
    whole = completion(message["content"], finish=finish)
    whole["choices"][0]["message"] |= message
    script = [SSE_HEAD, *map(event, deltas), event({}, finish), USAGE, DONE, CLOSE]
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([http(json.dumps(whole).encode())], script)
        ask: dict[str, Any] = {"model": "fast", "messages": MESSAGES}
        plain = await client(gw.url).chat.completions.create(**ask)
        options = {"include_usage": True}
        async with client(gw.url).chat.completions.stream(**ask, stream_options=options) as stream:
            final = await stream.get_final_completion()
    assert final.choices[0].finish_reason == plain.choices[0].finish_reason == finish
    assert final.usage == plain.usage
    said, told = final.choices[0].message, plain.choices[0].message
    assert (
        (said.content or None, said.refusal)
        == (told.content, told.refusal)
        == (message["content"], message.get("refusal"))
    )
    assert calls(said) == calls(told)
    assert (final.id, final.model) == (plain.id, plain.model)


@pytest.mark.parametrize("asked", [True, False])
async def test_usage_is_one_chunk_without_choices_just_before_done_and_only_for_who_asked(asked: bool):
    script = [SSE_HEAD, event({"role": "assistant", "content": "hi"}), event({}, "stop"), USAGE, DONE, CLOSE]
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(script)
        options = {"stream_options": {"include_usage": True}} if asked else {}
        stream = await client(gw.url).chat.completions.create(model="fast", messages=MESSAGES, stream=True, **options)
        chunks = [chunk async for chunk in stream]
        told = await gw.ask({"model": "fast", "messages": MESSAGES, "stream": True, **options})
    with_usage = [chunk for chunk in chunks if chunk.usage is not None]
    assert with_usage == (chunks[-1:] if asked else [])
    assert not asked or chunks[-1].choices == []
    assert told.events[-1] == "[DONE]"


@pytest.mark.parametrize(
    ("script", "raised"),
    [
        ([http(b'{"error":{"message":"no","type":"invalid_request_error"}}', 400)], openai.BadRequestError),
        ([http(b'{"error":{"message":"no"}}', 401)], openai.InternalServerError),
        ([http(b'{"error":{"message":"no"}}', 404)], openai.NotFoundError),
        ([http(b'{"error":{"message":"no"}}', 422)], openai.UnprocessableEntityError),
        ([http(b'{"error":{"message":"no"}}', 429)], openai.RateLimitError),
        ([http(b"<html>", 503)], openai.InternalServerError),
        ([RESET], openai.InternalServerError),
    ],
)
async def test_the_sdk_raises_the_right_exception(script: list[Any], raised: type[openai.APIStatusError]):
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say(script)
        with pytest.raises(raised) as caught:
            await client(gw.url).chat.completions.create(model="fast", messages=MESSAGES)
        assert caught.value.request_id == caught.value.response.headers["x-request-id"]


async def test_an_unknown_model_is_the_sdks_not_found():
    async with upstream() as up, serving(settings(up.url)) as gw:
        with pytest.raises(openai.NotFoundError) as caught:
            await client(gw.url).chat.completions.create(model="nope", messages=MESSAGES)
        assert caught.value.code == "model_not_found"


async def test_a_stream_that_is_cut_raises_in_the_sdk():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([SSE_HEAD, event({"role": "assistant", "content": "half"}), CLOSE])
        stream = await client(gw.url).chat.completions.create(model="fast", messages=MESSAGES, stream=True)
        words: list[str] = []
        with pytest.raises(openai.APIError, match="ended before"):
            words += [chunk.choices[0].delta.content or "" async for chunk in stream]


async def test_the_models_are_listed_and_retrieved():
    config = settings("http://127.0.0.1:9/v1")
    config["providers"]["up"]["models"] = ["org/m-7b"]
    async with serving(config) as gw:
        assert [model.id async for model in client(gw.url).models.list()] == ["fast", "up/org/m-7b"]
        assert (await client(gw.url).models.retrieve("up/org/m-7b")).id == "up/org/m-7b"
