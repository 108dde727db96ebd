"""What of a client's head goes on to a provider of its own language, and what never does."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gateway import CANARY, Served, serving
from upstream import Upstream, http, upstream

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
