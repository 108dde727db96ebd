"""llama.cpp's own HTTP server, live, as an upstream of the kind `openai-compatible`."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import xllamacpp
from msgspec import Raw, structs

from llm_plugin_llamacpp.settings import LlamaCppSettings
from llm_plugin_llamacpp.weights import locate
from lockgate import (
    ChatRequest,
    EmbedRequest,
    FunctionTool,
    Message,
    ResponseFormat,
    ToolChoice,
    UpstreamError,
    open_gateway,
    tool,
    user,
)
from lockgate_ports.events import ToolCallDelta
from lockgate_ports.model import Attempt
from lockgate_ports.parts import ToolCall

PATIENCE = 120
"""Seconds; that what is waited for happened for its own reason, something other than the clock must show."""
TEMPLATE = """
{%- if tools %}<|im_start|>system
Answer with a call of one of these functions, as {"name": function name, "parameters": {...}}:
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
{% if message.tool_calls %}{%- for call in message.tool_calls %}{"name": "{{ call.function.name }}", "parameters": \
{{ call.function.arguments | tojson }}}{% endfor %}{% else %}{{ message.content }}{% endif %}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""The model's own, and a form for tools, of which it knows none: the server reads off it how calls are written."""
ENDLESS = ChatRequest(
    model="default",
    messages=(user("Count to a thousand."),),
    max_tokens=800,
    extra={"ignore_eos": Raw(b"true")},
    native="openai-chat",
)
WEATHER = FunctionTool(
    "weather",
    "The weather in a city.",
    Raw(b'{"type":"object","properties":{"city":{"enum":["Paris","Rome"]}},"required":["city"]}'),
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1  # two wait for each other where others work too
    params.n_ctx, params.n_parallel, params.embedding = 2048, 2, True
    params.chat_template, params.endpoint_metrics = TEMPLATE, True
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


def calling() -> ChatRequest:
    # Of itself so small a model talks. A push to begin with a brace is all: from there on the server's grammar leads.
    return structs.replace(
        ask("What is the weather in Paris?"),
        tools=(WEATHER,),
        tool_choice=ToolChoice("required"),
        parallel_tool_calls=False,
        logit_bias={"{": 100},
        max_tokens=80,
    )


async def test_a_tool_is_called(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        answer = await gateway.chat(calling())
    (choice,) = answer.response.choices
    (call,) = choice.parts
    assert isinstance(call, ToolCall)
    assert call.id
    assert call.name == "weather"
    assert json.loads(call.arguments)["city"] in ("Paris", "Rome")
    assert choice.finish_reason == "tool_calls"


async def test_a_tool_call_that_streams_is_the_same_call(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        plain = await gateway.chat(calling())
        async with gateway.stream(calling()) as stream:
            pieces = [event async for event in stream if isinstance(event, ToolCallDelta)]
    first = pieces[0]
    assert first.id
    assert first.name == "weather"
    assert len(pieces) > 1
    assert {(each.choice, each.part) for each in pieces} == {(first.choice, first.part)}
    (call,) = stream.response.choices[0].parts
    (whole,) = plain.response.choices[0].parts
    assert isinstance(call, ToolCall)
    assert isinstance(whole, ToolCall)
    assert (call.name, json.loads(call.arguments)) == (whole.name, json.loads(whole.arguments))
    assert call.arguments == "".join(each.arguments for each in pieces)
    assert stream.response.choices[0].finish_reason == "tool_calls"


async def test_what_a_tool_answered_is_read(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        asked = calling()
        called = (await gateway.chat(asked)).response.choices[0].parts[0]
        assert isinstance(called, ToolCall)
        told = (*asked.messages, Message("assistant", (called,)), tool(called.id, "Rain, 9 degrees."))
        answer = await gateway.chat(structs.replace(ask(""), messages=told, tools=(WEATHER,)))
    assert answer.response.usage is not None
    assert answer.text


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


async def test_a_call_that_is_given_up_frees_its_slot(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        before = await written_by(address)
        for _ in range(4):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await gateway.chat(ENDLESS)
        async with asyncio.timeout(PATIENCE):
            assert (await gateway.chat(ask("Say hi"))).text
        assert await written_by(address) - before < 3 * 800


async def test_leaving_a_stream_frees_its_slot(address: str) -> None:
    async with open_gateway(settings(address)) as gateway:
        before = await written_by(address)
        for _ in range(6):
            async with asyncio.timeout(PATIENCE), gateway.stream(ENDLESS) as stream:
                async for _ in stream.texts():
                    break
        async with asyncio.timeout(PATIENCE):
            assert (await gateway.chat(ask("Say hi"))).text
        # There are two slots: were they not freed, at least five answers would have been written to their end.
        assert await written_by(address) - before < 4 * 800


async def written_by(address: str) -> float:
    """Tokens that the server has generated so far, of answers that are over."""
    metrics = await asyncio.to_thread(lambda: urlopen(f"{address}/metrics").read().decode())
    (line,) = (line for line in metrics.splitlines() if line.startswith("llamacpp:tokens_predicted_total "))
    return float(line.split()[1])
