"""How long a request is: each client's way to ask it in front of each provider, counted or estimated and said so."""

import json
from typing import Any

import anthropic
import openai
import pytest
from gateway import Served, serving, settings
from upstream import Upstream, http, upstream

from lockgate import ChatRequest, user

WORDS = "How long is this? It was a bright cold day, and the clocks were striking thirteen."
TOOL = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": False}


def rows(up: Upstream) -> dict[str, Any]:
    """A provider that does not count, and three that do, each in its own way."""
    own = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    base = up.url.removesuffix("/v1")
    config = settings(up.url)
    config["providers"] |= {
        "o": {"kind": "openai", "base_url": up.url, **own},
        "a": {"kind": "anthropic", "base_url": base, **own},
        "g": {"kind": "google", "base_url": f"{base}/v1beta", **own},
    }
    return config


def responses(gw: Served) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="unused", max_retries=0)


def messages(gw: Served) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gw.url, api_key="unused", max_retries=0)


async def gemini(gw: Served, model: str) -> int:
    told = await gw.ask(
        {"contents": [{"role": "user", "parts": [{"text": WORDS}]}]}, path=f"/v1beta/models/{model}:countTokens"
    )
    return told.json["totalTokens"]


async def test_a_provider_that_does_not_count_is_estimated_for_and_the_answer_says_so():
    async with upstream() as up, serving(rows(up)) as gw:
        raw = await responses(gw).responses.input_tokens.with_raw_response.count(model="fast", input=WORDS)
        told = raw.parse()
        assert raw.headers["x-lockgate-estimated"] == "true"
        assert raw.headers["x-lockgate-target"] == "up/m"
        theirs = await messages(gw).messages.count_tokens(model="fast", messages=[{"role": "user", "content": WORDS}])
        other = await gemini(gw, "fast")
        embedded = await gw.gateway.count_tokens(ChatRequest(model="fast", messages=(user(WORDS),)))
        assert embedded.estimated
        assert 15 <= embedded.input_tokens <= 35
        counts = {told.input_tokens, theirs.input_tokens, other, embedded.input_tokens}
        assert len(counts) == 1
        assert up.seen == []


async def test_each_provider_counts_by_its_own_endpoint():
    async with upstream() as up, serving(rows(up)) as gw:
        own = (b'{"object":"response.input_tokens","input_tokens":7}', b'{"input_tokens":7}', b'{"totalTokens":7}')
        for provider, body, path in zip(
            ("o/m", "a/claude-x", "g/gemini-x"),
            own,
            ("/v1/responses/input_tokens", "/v1/messages/count_tokens", "/v1beta/models/gemini-x:countTokens"),
            strict=True,
        ):
            up.say([http(body)])
            raw = await responses(gw).responses.input_tokens.with_raw_response.count(model=provider, input=WORDS)
            assert raw.parse().input_tokens == 7
            assert "x-lockgate-estimated" not in raw.headers
            asked = [{"role": "user", "content": WORDS}]
            assert (await messages(gw).messages.count_tokens(model=provider, messages=asked)).input_tokens == 7
            assert await gemini(gw, provider) == 7
            assert [seen.path.partition("?")[0] for seen in up.seen[-3:]] == [path] * 3


async def test_a_count_in_the_providers_own_form_keeps_its_bytes_and_drops_what_is_not_counted_in_another():
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(b'{"object":"response.input_tokens","input_tokens":7, "x":1.50}')])
        body = b'{ "zz":1.50,"model":"o/m","instructions":"Be brief."}'
        told = await gw.ask(body, path="/v1/responses/input_tokens")
        assert up.seen[0].body == body.replace(b"o/m", b"m")
        assert told.json["x"] == 1.5
        asked = {"model": "o/m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], "temperature": 1}
        await gw.ask(asked, path="/v1/messages/count_tokens", headers={"anthropic-version": "2023-06-01"})
        assert up.seen[1].json == {"model": "m", "input": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_the_endpoint_of_its_language_is_estimated_for(status: int):
    async with upstream() as up, serving(rows(up)) as gw:
        up.say([http(b"nothing here", status, "text/plain")])
        counted = await gw.gateway.count_tokens(ChatRequest(model="a/claude-x", messages=(user(WORDS),)))
        assert counted.estimated


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_count_that_is_refused_is_told_and_not_guessed(status: int):
    config = {"retry": {"max_attempts": 1}}
    async with upstream() as up, serving(rows(up) | config) as gw:
        up.say([http(b'{"error":{"message":"no"}}', status)])
        with pytest.raises(openai.APIStatusError):
            await responses(gw).responses.input_tokens.count(model="o/m", input=WORDS)


async def test_tools_and_instructions_alone_can_be_counted():
    async with upstream() as up, serving(rows(up)) as gw:
        client = responses(gw)
        bare = await client.responses.input_tokens.count(model="fast", instructions="Be brief.")
        more = await client.responses.input_tokens.count(model="fast", instructions="Be brief.", tools=[TOOL])
        assert 0 < bare.input_tokens < more.input_tokens
        with pytest.raises(openai.BadRequestError, match="model is missing"):
            await client.responses.input_tokens.count(input="hi")
        told = await gw.ask(b"[]", path="/v1/responses/input_tokens")
        assert told.status == 400
        assert json.loads(told.body)["error"]["type"] == "invalid_request_error"
