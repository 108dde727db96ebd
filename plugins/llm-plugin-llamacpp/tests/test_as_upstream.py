"""llama.cpp's own HTTP server, live, as an upstream of the kind `openai-compatible`."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import xllamacpp
from msgspec import Raw

from llm_plugin_llamacpp.settings import LlamaCppSettings
from llm_plugin_llamacpp.weights import locate
from lockgate import (
    ChatRequest,
    EmbedRequest,
    ResponseFormat,
    UpstreamError,
    open_gateway,
    user,
)
from lockgate_ports.model import Attempt


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.n_ctx, params.n_parallel, params.embedding = 2048, 2, True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = xllamacpp.Server(params)
    yield server.listening_address
    del server


def weights() -> Path:
    return locate(LlamaCppSettings(), {})


def settings(address: str) -> dict[str, object]:
    provider = {"kind": "openai-compatible", "base_url": f"{address}/v1"}
    return {"providers": {"server": provider}, "routes": {"default": {"targets": ["server/any"]}}}


def ask(words: str, **more: object) -> ChatRequest:
    return ChatRequest(model="default", messages=(user(words),), max_tokens=24, temperature=0, seed=1, **more)  # type: ignore[arg-type]


async def test_plain_and_stream_say_the_same(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        plain = await gateway.chat(ask("What is the capital of France?"))
        async with gateway.stream(ask("What is the capital of France?")) as stream:
            words = "".join([piece async for piece in stream.texts()])
    assert len(plain.text) > 10
    assert words == plain.text
    assert plain.response.usage is not None
    assert plain.response.usage.output_tokens
    assert stream.response.choices[0].finish_reason == plain.response.choices[0].finish_reason


async def test_a_json_schema_is_kept(address: str) -> None:
    schema = {"type": "object", "properties": {"city": {"enum": ["Paris", "Rome"]}}, "required": ["city"]}
    form = ResponseFormat("json_schema", schema=Raw(json.dumps(schema).encode()), name="answer")
    async with open_gateway(settings(address)) as gateway:
        answer = await gateway.chat(ask("The capital of France, as JSON", response_format=form))
    assert json.loads(answer.text)["city"] in ("Paris", "Rome")


async def test_the_server_tells_which_model_it_has(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        (card,) = await gateway.providers["server"].port.discover(Attempt("any"))
    assert card.id
    assert card.context_tokens is not None
    assert card.context_tokens >= 1024
    assert card.parameters_billions == pytest.approx(0.135, abs=0.03)


async def test_vectors_are_made(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        answer = await gateway.embed(EmbedRequest(model="default", inputs=("one", "two")))
    one, two = answer.vectors
    assert len(one) == len(two) > 100
    assert one != two


async def test_a_prompt_beyond_the_context_is_told_as_that(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        with pytest.raises(UpstreamError) as caught:
            await gateway.chat(ask("word " * 5000))
    assert caught.value.kind == "context_length"


async def test_a_plain_call_that_is_given_up_frees_its_slot(address: str) -> None:
    endless = ChatRequest(model="default", messages=(user("Count to a thousand."),), max_tokens=1500)
    async with open_gateway(settings(address)) as gateway:
        for _ in range(4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await gateway.chat(endless)
        async with asyncio.timeout(20):
            assert (await gateway.chat(ask("Say hi"))).text


async def test_leaving_a_stream_frees_its_slot(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        for _ in range(6):
            endless = ChatRequest(model="default", messages=(user("Count to a thousand."),), max_tokens=1500)
            async with gateway.stream(endless) as stream:
                async for _ in stream.texts():
                    break
        async with asyncio.timeout(20):
            assert (await gateway.chat(ask("Say hi"))).text
