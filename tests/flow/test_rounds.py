"""A talk of several turns through clients of another language: what a provider signed, it alone gets back."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gateway import Served, serving
from talks import PICTURE, TALKS
from upstream import CLOSE, SSE_HEAD, Upstream, http, upstream

from lockgate_ports.seals import MARK

SIGNED = "EqQBCgIYAhIkc2lnbmVk+/8="
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Ulm"}}
CLAUDE = [
    {"type": "thinking", "thinking": "I must look.", "signature": SIGNED},
    {"type": "redacted_thinking", "data": "ZW5jcnlwdGVk"},
    {"type": "text", "text": "Let me see."},
    CALL,
]
GEMINI = [
    {"text": "I must look.", "thought": True},
    {"text": "Let me see."},
    {"functionCall": {"name": "weather", "args": {"city": "Ulm"}}, "thoughtSignature": SIGNED},
]
THOUGHT = {
    "id": "rs_1",
    "type": "reasoning",
    "summary": [{"type": "summary_text", "text": "I must look."}],
    "encrypted_content": SIGNED,
}
FUNCTION_CALL = {
    "id": "fc_1",
    "type": "function_call",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city":"Ulm"}',
    "status": "completed",
}


def events(*told: tuple[str, dict[str, Any]]) -> list[bytes | object]:
    lines = [f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode() for kind, fields in told]
    return [SSE_HEAD, *lines, CLOSE]


def claude(streamed: bool) -> list[bytes | object]:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    if not streamed:
        usage = {"input_tokens": 3, "output_tokens": 2}
        return [http(json.dumps({**head, "content": CLAUDE, "stop_reason": "tool_use", "usage": usage}).encode())]
    start = {"message": {**head, "content": [], "stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}}}
    told: list[tuple[str, dict[str, Any]]] = [("message_start", start)]
    deltas: list[list[dict[str, Any]]] = [
        [
            {"type": "thinking_delta", "thinking": "I must "},
            {"type": "thinking_delta", "thinking": "look."},
            {"type": "signature_delta", "signature": SIGNED},
        ],
        [],
        [{"type": "text_delta", "text": "Let me see."}],
        [{"type": "input_json_delta", "partial_json": '{"city": "Ulm"}'}],
    ]
    empty = [{"thinking": "", "signature": ""}, {}, {"text": ""}, {"input": {}}]
    for index, block in enumerate(CLAUDE):
        told.append(("content_block_start", {"index": index, "content_block": block | empty[index]}))
        told += [("content_block_delta", {"index": index, "delta": delta}) for delta in deltas[index]]
        told.append(("content_block_stop", {"index": index}))
    told.append(("message_delta", {"delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 2}}))
    return events(*told, ("message_stop", {}))


def gemini(streamed: bool) -> list[bytes | object]:
    def chunk(parts: list[Any], **more: Any) -> bytes:
        candidate = {"content": {"parts": parts, "role": "model"}, "index": 0, **more}
        return json.dumps({"candidates": [candidate], "modelVersion": "m", "responseId": "r1"}).encode()

    if not streamed:
        return [http(chunk(GEMINI, finishReason="STOP"))]
    chunks = [*(chunk([part]) for part in GEMINI), chunk([{"text": ""}], finishReason="STOP")]
    return [SSE_HEAD, *(b"data: " + each + b"\n\n" for each in chunks), CLOSE]


def responses(streamed: bool) -> list[bytes | object]:
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "m",
        "output": [THOUGHT, FUNCTION_CALL],
    }
    if not streamed:
        return [http(json.dumps(whole).encode())]
    told: list[tuple[str, dict[str, Any]]] = [("response.created", {"response": whole | {"output": []}})]
    for index, item in enumerate((THOUGHT, FUNCTION_CALL)):
        told.append(("response.output_item.added", {"output_index": index, "item": item | _empty(item)}))
        if item is THOUGHT:
            delta = {"output_index": 0, "summary_index": 0, "delta": "I must look."}
            told.append(("response.reasoning_summary_text.delta", delta))
        told.append(("response.output_item.done", {"output_index": index, "item": item}))
    return events(*told, ("response.completed", {"response": whole}))


def _empty(item: dict[str, Any]) -> dict[str, Any]:
    return {"arguments": ""} if "arguments" in item else {"summary": [], "encrypted_content": None}


def came_back_to_claude(body: Any) -> None:
    turn = next(message for message in body["messages"] if message["role"] == "assistant")
    assert turn["content"] == CLAUDE
    assert body["messages"][-1]["content"][0]["tool_use_id"] == "toolu_1"
    assert body["thinking"]["type"] == "enabled"


def came_back_to_gemini(body: Any) -> None:
    call = next(part for part in body["contents"][1]["parts"] if "functionCall" in part)
    assert call["thoughtSignature"] == SIGNED
    assert call["functionCall"]["name"] == "weather"
    assert body["contents"][2]["parts"][0]["functionResponse"]["name"] == "weather"


def came_back_to_responses(body: Any) -> None:
    thought = next(item for item in body["input"] if item.get("type") == "reasoning")
    assert (thought["id"], thought["encrypted_content"]) == ("rs_1", SIGNED)
    assert thought["summary"] == [{"type": "summary_text", "text": "I must look."}]
    assert [item["call_id"] for item in body["input"] if "call_id" in item] == ["call_1", "call_1"]


ISSUERS: dict[str, tuple[Callable[[bool], list[bytes | object]], Callable[[Any], None]]] = {
    "anthropic": (claude, came_back_to_claude),
    "gemini": (gemini, came_back_to_gemini),
    "openai-responses": (responses, came_back_to_responses),
}
PAIRS = [(surface, issuer) for surface in TALKS for issuer in ISSUERS if surface != issuer]


@asynccontextmanager
async def gateway(up: Upstream) -> AsyncIterator[Served]:
    """One upstream behind a provider of each language."""

    def provider(kind: str, url: str, **more: Any) -> dict[str, Any]:
        return {
            "kind": kind,
            "base_url": url,
            "credential_ref": "env:UP_KEY",
            "private_addresses": ["127.0.0.0/8"],
        } | more

    root = up.url.removesuffix("/v1")
    providers = {
        "anthropic": provider("anthropic", root),
        "gemini": provider("google", f"{root}/v1beta"),
        "openai-chat": provider("openai-compatible", up.url),
        "openai-responses": provider("openai-compatible", up.url, api="responses"),
    }
    models = {"anthropic": "claude-sonnet-4-5", "gemini": "gemini-3-pro"}
    routes = {name: {"targets": [f"{name}/{models.get(name, 'm')}"]} for name in providers}
    async with serving({"providers": providers, "routes": routes, "retry": {"max_attempts": 1}}) as gw:
        yield gw


ENOUGH = [http(b'{"error":{"message":"enough","code":400,"status":"INVALID_ARGUMENT"}}', 400)]
"""Any error will do to end the talk: the request is what is looked at."""


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(("surface", "issuer"), PAIRS)
async def test_what_a_provider_signed_comes_back_to_it(surface: str, issuer: str, streamed: bool) -> None:
    say, came_back = ISSUERS[issuer]
    async with upstream() as up, gateway(up) as gw:
        talk = TALKS[surface](gw.url, streamed=streamed)
        up.say(say(streamed), ENOUGH)
        calls = await talk.turn(issuer)
        assert len(calls) == 1
        talk.tell(calls)
        with pytest.raises(Exception, match="enough"):
            await talk.turn(issuer)
        came_back(up.seen[1].json)
        assert MARK not in up.seen[1].body
        if talk.pictures:
            assert PICTURE.encode() in up.seen[1].body


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("surface", "issuer", "other"), [(*pair, other) for pair in PAIRS for other in TALKS if other != pair[1]]
)
async def test_another_provider_is_not_sent_what_it_cannot_read(
    surface: str, issuer: str, other: str, streamed: bool
) -> None:
    async with upstream() as up, gateway(up) as gw:
        talk = TALKS[surface](gw.url, streamed=streamed)
        up.say(ISSUERS[issuer][0](streamed), ENOUGH)
        talk.tell(await talk.turn(issuer))
        with pytest.raises(Exception, match="enough"):
            await talk.turn(other)
        assert len(up.seen) == 2, "nothing was sent"
        body = up.seen[1].body
        assert MARK not in body
        assert SIGNED.encode() not in body
        assert b"ZW5jcnlwdGVk" not in body
        assert b"4 degrees" in body
