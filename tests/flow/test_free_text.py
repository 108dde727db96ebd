"""Tools that take free text, offered by clients of OpenAI's to providers whose tools take JSON: there and back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from gateway import Served, serving
from upstream import CLOSE, DONE, SSE_HEAD, Upstream, completion, event, http, upstream

PATCH = '*** Begin Patch\n+say "é 😀"\n*** End Patch'
ARGUMENTS = json.dumps({"input": PATCH})
GRAMMAR = "start: begin hunk+ end"
USAGE = {"input_tokens": 3, "output_tokens": 2}


def _pieces() -> list[str]:
    return [ARGUMENTS[at : at + 9] for at in range(0, len(ARGUMENTS), 9)]


def _sse(*told: dict[str, Any]) -> list[bytes | object]:
    return [SSE_HEAD, *(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in told), CLOSE]


def claude(streamed: bool) -> list[bytes | object]:
    block = {"type": "tool_use", "id": "t1", "name": "apply_patch", "input": {"input": PATCH}}
    head: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    if not streamed:
        told = head | {"content": [block], "stop_reason": "tool_use", "usage": USAGE}
        return [http(json.dumps(told).encode())]
    return _sse(
        {"type": "message_start", "message": head | {"content": [], "stop_reason": None, "usage": USAGE}},
        {"type": "content_block_start", "index": 0, "content_block": block | {"input": {}}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": piece}}
            for piece in _pieces()
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    )


def gemini(streamed: bool) -> list[bytes | object]:
    call = {"functionCall": {"id": "t1", "name": "apply_patch", "args": {"input": PATCH}}}
    candidate = {"content": {"parts": [call], "role": "model"}, "index": 0, "finishReason": "STOP"}
    told = json.dumps({"candidates": [candidate], "modelVersion": "m", "responseId": "r1"}).encode()
    return [SSE_HEAD, b"data: " + told + b"\n\n", CLOSE] if streamed else [http(told)]


def chat(streamed: bool) -> list[bytes | object]:
    call: dict[str, Any] = {"id": "t1", "type": "function"}
    if not streamed:
        calls = [call | {"function": {"name": "apply_patch", "arguments": ARGUMENTS}}]
        return [http(json.dumps(completion(None, finish="tool_calls", tool_calls=calls)).encode())]
    opening = {"index": 0, **call, "function": {"name": "apply_patch", "arguments": ""}}
    pieces = [event({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in _pieces()]
    return [
        SSE_HEAD,
        event({"role": "assistant", "tool_calls": [opening]}),
        *pieces,
        event({}, "tool_calls"),
        DONE,
        CLOSE,
    ]


SPEAKERS = {"anthropic": claude, "google": gemini, "openai-compatible": chat}


@asynccontextmanager
async def gateway(up: Upstream, kind: str, **more: Any) -> AsyncIterator[Served]:
    base = up.url if kind == "openai-compatible" else up.url.removesuffix("/v1")
    provider = {"kind": kind, "base_url": base, "credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    model = {"anthropic": "claude-sonnet-4-5", "google": "gemini-3-pro"}.get(kind, "m")
    config = {"providers": {"up": provider | more}, "routes": {"fast": {"targets": [f"up/{model}"]}}}
    async with serving(config | {"retry": {"max_attempts": 1}}) as gw:
        yield gw


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kind", SPEAKERS)
async def test_a_responses_client_is_told_free_text_and_goes_on(kind: str, streamed: bool) -> None:
    tool: Any = {"type": "custom", "name": "apply_patch", "description": "Edits files."}
    tool["format"] = {"type": "grammar", "syntax": "lark", "definition": GRAMMAR}
    async with upstream() as up, gateway(up, kind) as gw:
        up.say(SPEAKERS[kind](streamed), SPEAKERS[kind](False))
        client = openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)
        ask: Any = {"model": "fast", "input": [{"role": "user", "content": "Edit."}], "tools": [tool]}
        if streamed:
            told = [each async for each in await client.responses.create(**ask, stream=True)]
            last: Any = told[-1]
            answer = last.response
            deltas = [each.delta for each in told if each.type == "response.custom_tool_call_input.delta"]
            (done,) = [each.input for each in told if each.type == "response.custom_tool_call_input.done"]
            assert "".join(deltas) == done == PATCH
            assert kind == "google" or len(deltas) > 2, "the text came at the end alone"
        else:
            raw = await client.responses.with_raw_response.create(**ask)
            answer = raw.parse()
            assert raw.headers["x-lockgate-dropped"] == "tools[0].format"
        (call,) = answer.output
        assert (call.type, call.name, call.input) == ("custom_tool_call", "apply_patch", PATCH)
        assert GRAMMAR in up.seen[0].body.decode()
        item = call.model_dump(exclude_none=True)
        result = {"type": "custom_tool_call_output", "call_id": call.call_id, "output": "Done."}
        ask["input"] += [item, result]
        await client.responses.create(**ask)
        assert {"input": PATCH} in list(_objects(up.seen[1].json)), "the call did not come back as it was made"


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("kind", ["anthropic", "google"])
async def test_a_chat_client_is_told_free_text_and_goes_on(kind: str, streamed: bool) -> None:
    tool: Any = {"type": "custom", "custom": {"name": "apply_patch"}}
    async with upstream() as up, gateway(up, kind) as gw:
        up.say(SPEAKERS[kind](streamed), SPEAKERS[kind](False))
        client = openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key="x", max_retries=0)
        choice = {"type": "custom", "custom": {"name": "apply_patch"}}
        ask: Any = {"model": "fast", "messages": [{"role": "user", "content": "Edit."}], "tools": [tool]}
        ask["tool_choice"] = choice
        if streamed:
            chunks: Any = [chunk async for chunk in await client.chat.completions.create(**ask, stream=True)]
            pieces = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
            text = "".join(piece.custom["input"] for piece in pieces)
            call = {"id": pieces[0].id, "type": "custom", "custom": {"name": pieces[0].custom["name"], "input": text}}
        else:
            answer: Any = await client.chat.completions.create(**ask)
            call = answer.choices[0].message.tool_calls[0].model_dump(exclude_none=True)
        assert call["custom"] == {"name": "apply_patch", "input": PATCH}
        said = {"role": "assistant", "content": None, "tool_calls": [call]}
        ask["messages"] += [said, {"role": "tool", "tool_call_id": call["id"], "content": "Done."}]
        await client.chat.completions.create(**ask)
        assert {"input": PATCH} in list(_objects(up.seen[1].json))


async def test_a_grammar_is_refused_by_name_where_the_settings_are_strict() -> None:
    tool = {"type": "custom", "name": "p", "format": {"type": "grammar", "syntax": "lark", "definition": GRAMMAR}}
    async with upstream() as up, gateway(up, "anthropic", params="strict") as gw:
        told = await gw.ask({"model": "fast", "input": "Edit.", "tools": [tool]}, path="/v1/responses")
        assert (told.status, told.json["error"]["param"]) == (400, "tools[0].format")
        assert not up.seen


async def test_tokens_are_counted_of_a_request_with_such_a_tool() -> None:
    tool = {"type": "custom", "name": "p", "description": "Edits."}
    async with upstream() as up, gateway(up, "anthropic") as gw:
        up.say([http(b'{"input_tokens": 7}')])
        told = await gw.ask({"model": "fast", "input": "Edit.", "tools": [tool]}, path="/v1/responses/input_tokens")
        assert told.json["input_tokens"] == 7
        assert "x-lockgate-estimated" not in told.headers
        assert up.seen[0].json["tools"][0]["input_schema"]["required"] == ["input"]


def _objects(value: Any) -> Any:
    """Every JSON object in it, those in strings as well."""
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)
