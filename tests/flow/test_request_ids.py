"""The id of a call, where its client looks for it, with the provider's own beside or in place of it."""

import json
from typing import Any

import anthropic
import openai
import pytest
from gateway import serving, settings
from upstream import CLOSE, SSE_HEAD, answer, http, upstream

MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
ASK: Any = {"model": "fast", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
ID = "request-id: req_vendor\r\n"
REFUSED = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}, "request_id": "req_vendor"}


def rows(url: str) -> dict[str, Any]:
    config = settings(url) | {"retry": {"max_attempts": 1}}
    config["providers"]["up"] |= {"kind": "anthropic", "base_url": url.removesuffix("/v1")}
    return config


async def test_anthropics_sdk_is_told_the_vendors_id_whole_streamed_and_refused() -> None:
    async with upstream() as up, serving(rows(up.url)) as gw:
        client = anthropic.AsyncAnthropic(base_url=gw.url, api_key="x", max_retries=0)
        up.say([http(json.dumps(MESSAGE).encode(), extra=ID)])
        message = await client.messages.create(**ASK)
        assert message._request_id == "req_vendor"
        stop = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
        begun = {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}}
        ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}
        told = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in (begun, ended)]
        up.say([SSE_HEAD.replace(b"connection", ID.encode() + b"connection"), *told, stop, CLOSE])
        async with client.messages.stream(**ASK) as events:
            assert events.request_id == "req_vendor"
            await events.get_final_message()
        up.say([http(json.dumps(REFUSED).encode(), 429, extra=ID)])
        with pytest.raises(anthropic.RateLimitError) as caught:
            await client.messages.create(**ASK)
        assert caught.value.request_id == "req_vendor"
        assert caught.value.response.headers["x-request-id"].startswith("req_")
        assert caught.value.response.headers["x-lockgate-upstream-request-id"] == "req_vendor"


async def test_it_is_the_gateways_own_where_the_provider_gives_none() -> None:
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        client = anthropic.AsyncAnthropic(base_url=gw.url, api_key="x", max_retries=0)
        told = await client.messages.with_raw_response.create(**ASK)
        assert told.headers["request-id"] == told.headers["x-request-id"]


async def test_an_error_for_openais_clients_has_the_vendors_id_beside_the_gateways() -> None:
    async with upstream() as up, serving(settings(up.url) | {"retry": {"max_attempts": 1}}) as gw:
        up.say([http(b'{"error":{"message":"no"}}', 400, extra="x-request-id: up-1\r\n")])
        client = openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="fast", messages=[{"role": "user", "content": "hi"}])
        assert caught.value.request_id != "up-1"
        assert caught.value.response.headers["x-lockgate-upstream-request-id"] == "up-1"
