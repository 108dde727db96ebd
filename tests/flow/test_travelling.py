"""What of a client's head goes on to a provider of its language, what of the answer's comes back, and what never."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gateway import CANARY, Served, serving, settings
from upstream import CLOSE, DONE, Upstream, completion, event, http, upstream

SECRETS = {
    "authorization": "Bearer sk-client-1",
    "x-api-key": "sk-client-2",
    "api-key": "sk-client-3",
    "x-goog-api-key": "sk-client-4",
    "cookie": "session=sk-client-5",
    "proxy-authorization": "Basic sk-client-6",
    "x-forwarded-for": "10.9.8.7",
    "x-forwarded-access-token": "sk-client-7",
    "forwarded": "for=10.9.8.7",
    "x-real-ip": "10.9.8.7",
    "x-amz-security-token": "sk-client-8",
    "x-codex-api-key": "sk-client-9",
    "x-claude-code-token": "sk-client-10",
    "x-stainless-auth": "sk-client-11",
    "openai-organization": "org-client",
    "openai-project": "proj-client",
    "chatgpt-account-id": "account-client",
    "x-goog-user-project": "project-client",
    "referer": "https://intra.test/sk-client-12",
    "origin": "https://intra.test",
    "te": "trailers",
    "x-lockgate-labels": "a=b",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
TELLS = {
    "user-agent": "agent/1.0",
    "x-stainless-lang": "js",
    "x-stainless-retry-count": "0",
    "x-client-request-id": "r1",
}
CHAT = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
MESSAGES = {**CHAT, "max_tokens": 9}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
CODEX = {
    "originator": "codex_exec",
    "session_id": "s1",
    "session-id": "s1",
    "conversation_id": "c1",
    "thread-id": "t1",
    "openai-beta": "responses=experimental",
    "x-codex-beta-features": "remote_compaction_v2",
    "x-codex-turn-metadata": '{"turn_id":"1"}',
}
CLAUDE = {
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "claude-code-20250219",
    "anthropic-dangerous-direct-browser-access": "true",
    "x-app": "cli",
    "x-claude-code-session-id": "s1",
}
SPOKEN: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "chat": ("openai-compatible", "/v1/chat/completions", CHAT, {"openai-beta": "a=1"}),
    "responses": ("openai-compatible", "/v1/responses", {"model": "fast", "input": "Hi"}, CODEX),
    "messages": ("anthropic", "/v1/messages?beta=true", MESSAGES, CLAUDE),
    "count": ("anthropic", "/v1/messages/count_tokens?beta=true", MESSAGES, CLAUDE),
    "gemini": ("google", "/v1beta/models/fast:generateContent", GEMINI, {"x-goog-api-client": "genai/1"}),
}


@asynccontextmanager
async def gateway(up: Upstream, kind: str, **more: Any) -> AsyncIterator[Served]:
    base = up.url if kind == "openai-compatible" else up.url.removesuffix("/v1") + ("/v1beta" * (kind == "google"))
    provider = {"kind": kind, "base_url": base, "credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    if kind == "openai-compatible":
        provider["api"] = "both"
    config = {"providers": {"up": provider | more}, "routes": {"fast": {"targets": ["up/m"]}}}
    async with serving(config | {"retry": {"max_attempts": 1}}) as gw:
        yield gw


NO = [http(b'{"error":{"message":"no"}}', 400)]
"""The request is what is looked at."""


@pytest.mark.parametrize("spoken", SPOKEN)
async def test_what_an_agent_tells_of_itself_arrives_and_nothing_that_is_its_own_to_show(spoken: str) -> None:
    kind, path, body, own = SPOKEN[spoken]
    async with upstream() as up, gateway(up, kind) as gw:
        up.say(NO)
        await gw.ask(body, path=path, headers={**SECRETS, **TELLS, **own})
        (seen,) = up.seen
        assert {name: seen.headers.get(name) for name in (*TELLS, *own)} == TELLS | own
        sent = {name: value for name, value in seen.headers.items() if CANARY not in value}
        assert not re.search("sk-client|(org|proj|account|project)-client", str(sent) + seen.path)
        assert "10.9.8.7" not in str(sent)
        assert not SECRETS.keys() & sent.keys()
        assert seen.path.partition("?")[2] == ("beta=true" if "beta=" in path else "")
        assert ":query" not in seen.headers


async def test_a_key_in_the_query_stays_here() -> None:
    async with upstream() as up, gateway(up, "google") as gw:
        up.say(NO)
        await gw.ask(GEMINI, path="/v1beta/models/fast:generateContent?key=sk-client-1&alt=json")
        assert "sk-client" not in up.seen[0].path + str(up.seen[0].headers)


async def test_a_provider_of_another_language_is_told_nothing_of_it() -> None:
    async with upstream() as up, gateway(up, "anthropic") as gw:
        up.say(NO)
        await gw.ask(CHAT, headers={**TELLS, **CODEX, **CLAUDE})
        assert up.seen[0].headers["user-agent"] == "lockgate"
        theirs = (TELLS | CODEX | CLAUDE).keys() - {"user-agent", "anthropic-version"}
        assert not theirs & up.seen[0].headers.keys()


async def test_what_the_settings_say_wins() -> None:
    async with upstream() as up, gateway(up, "openai-compatible", headers={"user-agent": "acme"}) as gw:
        up.say(NO)
        await gw.ask(CHAT, headers=TELLS)
        assert up.seen[0].headers["user-agent"] == "acme"


async def test_a_field_that_cannot_be_said_again_stays_here() -> None:
    async with upstream() as up, gateway(up, "openai-compatible") as gw:
        up.say(NO)
        await gw.ask(CHAT, headers={"user-agent": "caf\u00e9", "x-stainless-os": "Linux"})
        assert up.seen[0].headers["user-agent"] == "lockgate"
        assert up.seen[0].headers["x-stainless-os"] == "Linux"


async def test_what_a_client_accepts_is_its_own_to_say_unless_that_is_anything() -> None:
    for kind, path, body, _ in SPOKEN.values():
        async with upstream() as up, gateway(up, kind) as gw:
            up.say(NO)
            told = {**body, "stream": True} if kind != "google" and "count" not in path else body
            for accepted in ("application/json; q=1", "*/*"):
                await gw.ask(told, path=path, headers={"accept": accepted})
            first, second = (seen.headers["accept"] for seen in up.seen)
            assert first == "application/json; q=1"
            assert second == ("text/event-stream" if told is not body else "application/json")


WITHHELD = {
    "anthropic-organization-id": "org-acme",
    "anthropic-workspace-id": "org-acme",
    "openai-organization": "org-acme",
    "openai-project": "org-acme",
    "x-codex-account-id": "org-acme",
    "x-openai-session-token": "org-acme",
    "set-cookie": "session=org-acme",
    "cf-ray": "ray7",
    "cf-cache-status": "org-acme",
    "server": "org-acme",
    "via": "org-acme",
    "keep-alive": "timeout=77",
    "content-language": "org-acme",
    "content-security-policy": "org-acme",
    "strict-transport-security": "org-acme",
    "alt-svc": "org-acme",
    "access-control-expose-headers": "org-acme",
    "x-envoy-upstream-service-time": "org-acme",
    "x-lockgate-target": "org-acme",
    "date": "Thu, 01 Jan 1970 00:00:00 GMT",
}
OPENAI_TELLS = {
    "openai-model": "gpt-x",
    "openai-processing-ms": "12",
    "openai-version": "2020-10-01",
    "x-openai-proxy-wasm": "v0.1",
    "x-ratelimit-limit-requests": "500",
    "x-ratelimit-remaining-tokens": "1999",
    "x-ratelimit-reset-tokens": "6ms",
}
CODEX_TELLS = OPENAI_TELLS | {
    "x-codex-primary-used-percent": "42.5",
    "x-codex-secondary-window-minutes": "10080",
    "x-models-etag": 'W/"7"',
    "x-reasoning-included": "true",
}
ANTHROPIC_TELLS = {
    "anthropic-ratelimit-requests-remaining": "49",
    "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:00Z",
    "anthropic-ratelimit-unified-status": "allowed",
    "anthropic-ratelimit-unified-5h-utilization": "0.25",
    "x-should-retry": "true",
}
GEMINI_TELLS = {"server-timing": "gfet4t7; dur=12", "x-gemini-service-tier": "standard"}
ENVELOPE = '{"error":{"type":"overloaded_error","message":"Overloaded."},"type":"error"}'
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
SAID = {"type": "message", "id": "i", "role": "assistant", "status": "completed"}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "m",
    "output": [{**SAID, "content": [{"type": "output_text", "text": "Hi", "annotations": []}]}],
}
CANDIDATES = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}
VECTORS = {"object": "list", "data": [{"index": 0, "object": "embedding", "embedding": [1.0]}], "model": "m"}


def events(*said: Any) -> bytes:
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in said)


STREAMED = {
    "chat": event({"content": "Hi"}) + event({}, "stop") + DONE,
    "responses": events(
        {"type": "response.created", "sequence_number": 0, "response": RESPONSE | {"status": "in_progress"}},
        {"type": "response.completed", "sequence_number": 1, "response": RESPONSE},
    ),
    "messages": events(
        {"type": "message_start", "message": MESSAGE | {"stop_reason": None}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ),
    "gemini": b"data: " + json.dumps(CANDIDATES).encode() + b"\r\n\r\n",
}
BACK: dict[str, tuple[str, str, Any, Any, dict[str, str]]] = {
    "chat": ("openai-compatible", "/v1/chat/completions", CHAT, completion(), OPENAI_TELLS),
    "responses": ("openai-compatible", "/v1/responses", {"model": "fast", "input": "Hi"}, RESPONSE, CODEX_TELLS),
    "embeddings": ("openai-compatible", "/v1/embeddings", {"model": "fast", "input": "Hi"}, VECTORS, OPENAI_TELLS),
    "moderations": (
        "openai-compatible",
        "/v1/moderations",
        {"model": "fast", "input": "Hi"},
        {"id": "m"},
        OPENAI_TELLS,
    ),
    "messages": ("anthropic", "/v1/messages", MESSAGES, MESSAGE, ANTHROPIC_TELLS),
    "count": ("anthropic", "/v1/messages/count_tokens", MESSAGES, {"input_tokens": 3}, ANTHROPIC_TELLS),
    "gemini": ("google", "/v1beta/models/fast:generateContent", GEMINI, CANDIDATES, GEMINI_TELLS),
}
FORMS = [
    *[(spoken, form) for spoken in BACK for form in ("plain", "error")],
    *[(spoken, "stream") for spoken in STREAMED],
]


def fields(*told: dict[str, str]) -> str:
    """As no server would write them: names are the same in any case."""
    return "".join(f"{name.title()}: {value}\r\n" for each in told for name, value in each.items())


def answer_in(spoken: str, form: str, extra: str, status: int = 429) -> list[bytes | object]:
    if form == "error":
        return [http(ENVELOPE.encode(), status, extra=extra)]
    if form == "plain":
        return [http(json.dumps(BACK[spoken][3]).encode(), extra=extra)]
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n{extra}\r\n"
    return [head.encode(), STREAMED[spoken], CLOSE]


def question(spoken: str, form: str) -> tuple[str, Any]:
    _, path, body, *_ = BACK[spoken]
    if form == "stream" and spoken == "gemini":
        return path.replace("generateContent", "streamGenerateContent?alt=sse"), body
    return path, body | {"stream": True} if form == "stream" else body


@pytest.mark.parametrize(("spoken", "form"), FORMS)
async def test_what_a_client_reads_of_an_answer_comes_back_and_nothing_that_names_an_account(
    spoken: str, form: str
) -> None:
    kind, *_, tells = BACK[spoken]
    async with upstream() as up, gateway(up, kind) as gw:
        up.say(answer_in(spoken, form, fields(WITHHELD, tells)))
        path, body = question(spoken, form)
        told = await gw.ask(body, path=path)
        assert told.status == (429 if form == "error" else 200), told.body
        assert {name: told.headers.getall(name, []) for name in tells} == {name: [tells[name]] for name in tells}
        assert "org-acme" not in str(told.headers)
        assert not {"set-cookie", "keep-alive", "cf-ray"} & {name.lower() for name in told.headers}
        assert "1970" not in told.headers.get("date", "")


async def test_a_client_of_another_language_is_told_nothing_of_it() -> None:
    tells = OPENAI_TELLS | CODEX_TELLS | ANTHROPIC_TELLS | GEMINI_TELLS
    for form in ("plain", "stream", "error"):
        async with upstream() as up, gateway(up, "anthropic") as gw:
            up.say(answer_in("messages", form, fields(tells)))
            told = await gw.ask(CHAT | {"stream": form == "stream"})
            assert told.status == (429 if form == "error" else 200), told.body
            assert not tells.keys() & {name.lower() for name in told.headers}


@pytest.mark.parametrize(("status", "told_as"), [(529, 529), (503, 529)])
async def test_other_errors_bring_them_too(status: int, told_as: int) -> None:
    async with upstream() as up, gateway(up, "anthropic") as gw:
        up.say(answer_in("messages", "error", fields(ANTHROPIC_TELLS), status))
        told = await gw.ask(MESSAGES, path="/v1/messages")
        assert told.status == told_as
        assert told.body.decode() == ENVELOPE
        assert told.headers["anthropic-ratelimit-unified-status"] == "allowed"


async def test_an_error_in_the_gateways_own_words_says_nothing_of_the_providers() -> None:
    async with upstream() as up, gateway(up, "anthropic") as gw:
        up.say(answer_in("messages", "error", fields(ANTHROPIC_TELLS), 401))
        told = await gw.ask(MESSAGES, path="/v1/messages")
        assert told.status == 502
        assert "anthropic-ratelimit-unified-status" not in told.headers


@pytest.mark.parametrize("form", ["plain", "stream", "error"])
async def test_a_value_that_shows_the_key_or_cannot_be_said_again_stays_here(form: str) -> None:
    odd = {
        "openai-model": f"m-{CANARY}",
        "openai-version": "caf\u00e9",
        "x-codex-turn": "a\tb",
        "openai-processing-ms": "1",
    }
    async with upstream() as up, gateway(up, "openai-compatible") as gw:
        up.say(answer_in("chat", form, fields(odd)))
        told = await gw.ask(CHAT | {"stream": form == "stream"})
        assert odd.keys() & {name.lower() for name in told.headers} == {"openai-processing-ms"}
        assert CANARY not in str(told.headers)


async def test_where_the_gateway_has_limits_of_its_own_those_are_told_alone() -> None:
    async with upstream() as up:
        config = settings(up.url, limits={"rules": [{"scope": "all", "rpm": 7}]})
        async with serving(config) as gw:
            up.say(answer_in("chat", "plain", fields(OPENAI_TELLS)))
            told = await gw.ask(CHAT)
            rates = {name.lower(): value for name, value in told.headers.items() if "ratelimit" in name.lower()}
            assert rates["x-ratelimit-limit-requests"] == "7"
            assert not [name for name in rates if name.endswith("tokens")]
            assert told.headers["openai-model"] == "gpt-x"
