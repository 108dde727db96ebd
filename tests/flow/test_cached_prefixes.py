"""Prompts that a client wants cached, over several turns through a surface of another dialect: the marks arrive where
the provider takes them, are named where it does not, and what was sent before is sent the same again."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from gateway import Served, Told, serving
from upstream import Upstream, completion, http, upstream

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
MARK = {"type": "ephemeral"}
LONG = {"type": "ephemeral", "ttl": "1h"}
SIGNED = "EqQBCgIYAhIkc2lnbmVk+/8="
PICTURE = "iVBORw0KGgo="


@asynccontextmanager
async def gateway(up: Upstream) -> AsyncIterator[Served]:
    root = up.url.removesuffix("/v1")
    bases = {
        "anthropic": root,
        "bedrock": root,
        "google": f"{root}/v1beta",
        "openai-compatible": up.url,
        "openrouter": up.url,
    }
    models = {"anthropic": "claude-sonnet-4-5", "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
    more: dict[str, Any] = {"bedrock": {"region": "us-east-1", "auth": "bearer"}}
    shared = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    providers = {name: {"kind": name, "base_url": url, **shared, **more.get(name, {})} for name, url in bases.items()}
    routes = {name: {"targets": [f"{name}/{models.get(name, 'm')}"]} for name in bases}
    async with serving({"providers": providers, "routes": routes, "retry": {"max_attempts": 1}}) as gw:
        yield gw


def claude(turn: int) -> list[bytes | object]:
    content = [
        {"type": "thinking", "thinking": f"Turn {turn}.", "signature": SIGNED},
        {"type": "tool_use", "id": f"toolu_{turn}", "name": "look", "input": {"city": "Ulm"}},
    ]
    usage = {
        "input_tokens": 3,
        "cache_read_input_tokens": 100 * turn,
        "cache_creation_input_tokens": 7,
        "output_tokens": 2,
    }
    head = {"id": f"msg_{turn}", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    return [http(json.dumps({**head, "content": content, "stop_reason": "tool_use", "usage": usage}).encode())]


def chat(turn: int) -> list[bytes | object]:
    call = {"id": f"call_{turn}", "type": "function", "function": {"name": "look", "arguments": '{"city":"Ulm"}'}}
    return [http(json.dumps(completion(None, finish="tool_calls", tool_calls=[call])).encode())]


def converse(turn: int) -> list[bytes | object]:
    thought = {"reasoningContent": {"reasoningText": {"text": f"Turn {turn}.", "signature": SIGNED}}}
    call = {"toolUse": {"toolUseId": f"t-{turn}", "name": "look", "input": {"city": "Ulm"}}}
    message = {"role": "assistant", "content": [thought, call]}
    usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
    return [http(json.dumps({"output": {"message": message}, "stopReason": "tool_use", "usage": usage}).encode())]


class ChatTalk:
    """Chat Completions, with marks as OpenRouter and LiteLLM take them."""

    path = "/v1/chat/completions"

    def __init__(self, model: str) -> None:
        function = {"name": "look", "parameters": SCHEMA}
        self.body: dict[str, Any] = {
            "model": model,
            "messages": [
                {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": LONG}]},
                {"role": "user", "content": [{"type": "text", "text": "Long book.", "cache_control": MARK}]},
            ],
            "tools": [{"type": "function", "function": function, "cache_control": LONG}],
            "max_tokens": 4000,
            "reasoning_effort": "high",
        }

    def go_on(self, told: Told) -> None:
        said = told.json["choices"][0]["message"]
        answer = [{"type": "text", "text": "4 degrees", "cache_control": MARK}]
        result = {"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": answer}
        self.body["messages"] += [said, result]


class MessagesTalk:
    """Anthropic's Messages, whose tools show pictures."""

    path = "/v1/messages"

    def __init__(self, model: str) -> None:
        self.body: dict[str, Any] = {
            "model": model,
            "max_tokens": 4000,
            "system": [{"type": "text", "text": "Be brief.", "cache_control": LONG}],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Long book.", "cache_control": MARK}]},
            ],
            "tools": [{"name": "look", "input_schema": SCHEMA, "cache_control": LONG}],
            "thinking": {"type": "enabled", "budget_tokens": 2000},
        }

    def go_on(self, told: Told) -> None:
        content = told.json["content"]
        call = next(block for block in content if block["type"] == "tool_use")
        source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
        seen = [{"type": "text", "text": "4 degrees"}, {"type": "image", "source": source}]
        result = {"type": "tool_result", "tool_use_id": call["id"], "content": seen, "cache_control": MARK}
        self.body["messages"] += [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]


def marks(value: Any, name: str) -> list[Any]:
    """Every mark in the body, in order."""
    if isinstance(value, dict):
        own = [value[name]] if name in value else []
        return own + [mark for key, each in value.items() if key != name for mark in marks(each, name)]
    return [mark for each in value for mark in marks(each, name)] if isinstance(value, list) else []


async def talked(talk: Any, say: Callable[[int], list[bytes | object]]) -> tuple[list[Any], list[Told]]:
    """Three turns: what the provider was sent, and what the client was told."""
    async with upstream() as up, gateway(up) as gw:
        up.say(*(say(turn) for turn in range(3)))
        told: list[Told] = []
        for _ in range(3):
            told.append(await gw.ask(talk.body, path=talk.path))
            assert told[-1].status == 200, told[-1].body
            talk.go_on(told[-1])
        return [seen.json for seen in up.seen], told


def same_again(sent: list[Any], turns: str) -> None:
    """What was sent before is the beginning of what is sent now, or no cache would find it."""
    for before, after in pairwise(sent):
        assert after[turns][: len(before[turns])] == before[turns]
        assert {name: value for name, value in after.items() if name != turns} == {
            name: value for name, value in before.items() if name != turns
        }


async def test_marks_of_a_chat_client_reach_claude_in_every_turn_and_the_prefix_stays() -> None:
    sent, told = await talked(ChatTalk("anthropic"), claude)
    same_again(sent, "messages")
    assert [marks(body["system"], "cache_control") + marks(body["tools"], "cache_control") for body in sent] == [
        [LONG] * 2
    ] * 3
    assert [len(marks(body["messages"], "cache_control")) for body in sent] == [1, 2, 3]
    assert sent[2]["messages"][1]["content"] == json.loads(bytes(claude(0)[0]).partition(b"\r\n\r\n")[2])["content"]
    assert [each.json["usage"]["prompt_tokens_details"]["cached_tokens"] for each in told] == [0, 100, 200]
    assert all("cache_control" not in each.headers.get("x-lockgate-dropped", "") for each in told)


async def test_marks_of_a_chat_client_reach_claude_on_bedrock_with_its_thoughts() -> None:
    sent, told = await talked(ChatTalk("bedrock"), converse)
    same_again(sent, "messages")
    assert sent[0]["system"][-1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert sent[0]["toolConfig"]["tools"][-1] == {"cachePoint": {"type": "default", "ttl": "1h"}}
    assert [len(marks(body["messages"], "cachePoint")) for body in sent] == [1, 2, 3]
    thought = sent[2]["messages"][1]["content"][0]
    assert thought == {"reasoningContent": {"reasoningText": {"text": "Turn 0.", "signature": SIGNED}}}
    assert all("cache_control" not in each.headers.get("x-lockgate-dropped", "") for each in told)


async def test_marks_of_a_messages_client_reach_a_server_of_chat_completions_that_takes_them() -> None:
    sent, told = await talked(MessagesTalk("openrouter"), chat)
    same_again(sent, "messages")
    assert marks(sent[0], "cache_control") == [LONG, MARK, LONG]
    assert [len(marks(body, "cache_control")) for body in sent] == [3, 4, 5]
    assert PICTURE in json.dumps(sent[2])
    assert all("cache_control" not in each.headers.get("x-lockgate-dropped", "") for each in told)


@pytest.mark.parametrize(("route", "talk"), [("openai-compatible", MessagesTalk), ("openai-compatible", ChatTalk)])
async def test_where_a_server_takes_no_marks_they_are_named_and_the_prefix_stays(route: str, talk: type[Any]) -> None:
    sent, told = await talked(talk(route), chat)
    same_again(sent, "messages")
    if talk is ChatTalk:
        assert len(marks(sent[2], "cache_control")) == 5, "a client's own language is not looked at"
        return
    assert marks(sent, "cache_control") == []
    assert all("cache_control" in each.headers["x-lockgate-dropped"] for each in told)


async def test_a_prompt_that_google_keeps_is_named_to_others_and_goes_to_google_as_it_came() -> None:
    body = {"cachedContent": "cachedContents/book", "contents": [{"role": "user", "parts": [{"text": "And?"}]}]}
    async with upstream() as up, gateway(up) as gw:
        told = await gw.ask(body, path="/v1beta/models/anthropic:generateContent")
        assert told.status == 400
        assert "cachedContent" in told.json["error"]["message"]
        assert not up.seen
        up.say([http(b'{"candidates":[{"content":{"parts":[{"text":"Yes."}],"role":"model"},"finishReason":"STOP"}]}')])
        told = await gw.ask(body, path="/v1beta/models/google:generateContent")
        assert told.status == 200
        assert up.seen[0].json == body
