"""What is known of callers, keys and targets is not forgotten when settings are reloaded, and what runs goes on."""

import asyncio
from pathlib import Path
from typing import Any

from gateway import Served, serving, settings
from test_callers import command, create, keyed
from upstream import CLOSE, DONE, SSE_HEAD, USAGE, answer, event, http, upstream

ASK: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
CHANGED = {"breaker": {"failures": 9}}
"""Some other settings, so that there is something to reload."""


def refused(status: int, extra: str = "", **fields: Any) -> list[Any]:
    body = b'{"error": {"message": "no", "code": "%s"}}' % fields.get("code", "no").encode()
    return [http(body, status, extra=extra)]


async def bearers(gw: Served, up: Any, calls: int) -> list[str]:
    """Which upstream keys so many calls use."""
    before = len(up.seen)
    for _ in range(calls):
        await gw.ask(ASK)
    return [seen.headers["authorization"].removeprefix("Bearer ") for seen in up.seen[before:]]


async def test_what_was_counted_under_limits_is_still_counted_and_a_new_amount_holds_at_once():
    def limits(rpm: int) -> dict[str, Any]:
        return {"rules": [{"scope": "all", "rpm": rpm}, {"scope": "provider:up", "rpm": 50}]}

    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url, limits=limits(3))
        async with serving(config) as gw:
            assert [(await gw.ask(ASK)).status for _ in range(2)] == [200, 200]
            await gw.gateway.reload(config | CHANGED)
            told = await gw.ask(ASK)
            assert (told.status, told.headers["x-ratelimit-remaining-requests"]) == (200, "0")
            assert (await gw.ask(ASK)).status == 429
            await gw.gateway.reload(config | CHANGED | {"limits": limits(5)})
            assert [(await gw.ask(ASK)).status for _ in range(3)] == [200, 200, 429]
            await gw.gateway.reload(config | CHANGED | {"limits": limits(1)})
            assert (await gw.ask(ASK)).status == 429


async def test_a_stream_that_runs_through_reloads_ends_whole_and_gives_its_place_back():
    limits = {"rules": [{"scope": "all", "parallel": 1, "tpm": 1000}]}
    async with upstream() as up:
        go = asyncio.Event()
        config = settings(up.url, limits=limits)
        async with serving(config) as gw:
            begun = [SSE_HEAD, event({"role": "assistant", "content": "one "}), 0.6]
            up.say([*begun, event({"content": "two"}), event({}, "stop"), USAGE, DONE, CLOSE], [answer()])

            async def stream() -> bytes:
                async with gw.client.post(f"{gw.url}/v1/chat/completions", json=ASK | {"stream": True}) as told:
                    first = await told.content.readuntil(b"\n\n")
                    go.set()
                    return first + await told.content.read()

            running = asyncio.create_task(stream())
            await go.wait()
            await gw.gateway.reload(config | CHANGED)
            await gw.gateway.reload(config)
            assert (await gw.ask(ASK)).status == 429, "its place is still taken"
            said = await running
            assert b"one " in said
            assert said.count(b"two") == 1
            assert said.endswith(b"data: [DONE]\n\n")
            assert (await gw.ask(ASK)).status == 200
            store = gw.gateway._succession.current.engine._limiter._store  # type: ignore[union-attr]
            assert {of[1]: counter.used for of, counter in store._counters.items()}["in_flight"] == 0


async def test_virtual_keys_their_limits_and_their_end_outlive_reloads(tmp_path: Path):
    key, other = create(tmp_path, "--rpm", "3"), create(tmp_path, "--tenant", "beta")
    async with upstream() as up:
        up.say([answer()])
        config = keyed(up.url, tmp_path)
        async with serving(config) as gw:

            async def status(shown: str) -> int:
                return (await gw.ask(ASK, headers={"authorization": f"Bearer {shown}"})).status

            assert [await status(key), await status(key), await status(other)] == [200, 200, 200]
            await gw.gateway.reload(config | CHANGED)
            assert [await status(key), await status(key), await status(other)] == [200, 429, 200]
            made_since = create(tmp_path)
            command(tmp_path, "revoke", other.split("_")[1])
            await gw.gateway.reload(config)
            assert [await status(key), await status(made_since), await status(other)] == [429, 200, 401]


async def test_a_provider_key_that_was_refused_or_is_limited_is_left_alone_after_a_reload_too():
    async with upstream() as up:

        def say(seen: Any) -> list[Any]:
            match seen.headers["authorization"]:
                case "Bearer sk-bad":
                    return refused(401, code="invalid_api_key")
                case "Bearer sk-limited":
                    return refused(429, extra="retry-after: 60\r\n")
                case _:
                    return [answer()]

        up.say(say)
        config = settings(up.url)
        config["providers"]["up"] |= {"credential_ref": None, "credential_refs": ["env:BAD", "env:LIMITED", "env:GOOD"]}
        env = {"BAD": "sk-bad", "LIMITED": "sk-limited", "GOOD": "sk-good"}
        async with serving(config, env=env) as gw:
            used = await bearers(gw, up, 9)
            assert {*used} == {"sk-bad", "sk-limited", "sk-good"}
            assert (used.count("sk-bad"), used.count("sk-limited")) == (1, 1)
            await gw.gateway.reload(config | CHANGED)
            assert {*await bearers(gw, up, 9)} == {"sk-good"}
            # Another pool is another matter: nothing is known of it.
            pool = ["env:BAD", "env:GOOD"]
            moved = config | {"providers": {"up": config["providers"]["up"] | {"credential_refs": pool}}}
            await gw.gateway.reload(moved)
            assert (await bearers(gw, up, 9)).count("sk-bad") == 1
