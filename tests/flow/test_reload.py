"""New settings while calls run: nothing is lost, a fault changes nothing, and what stays the same goes on."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from gateway import settings
from upstream import CLOSE, DONE, USAGE, Script, Seen, Upstream, answer, event, http, stream, upstream

from lockgate import ChatRequest, SettingsError, UpstreamError, open_gateway, user
from lockgate.gateway import Gateway
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.listener import Listener

ROUNDS = int(os.environ.get("LOCKGATE_RELOADS", "20"))
"""How often settings are reloaded under load."""
ENV = {"UP_KEY": "sk-up", "CLIENT_KEY": "sk-client"}
ASK = ChatRequest(model="fast", messages=(user("hi"),))
BODY = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncGenerator[str, None]:
    listener = Listener(gateway.front_door(loopback=True), Bounds(1 << 20, 15.0, 15.0), "127.0.0.1", 0, 5.0)
    await listener.start()
    try:
        yield f"http://127.0.0.1:{listener.port}"
    finally:
        await listener.stop()


def written(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(value))
    return path


async def told(gateway: Gateway, model: str = "fast") -> str:
    return (await gateway.chat(ChatRequest(model=model, messages=(user("hi"),)))).text


async def test_new_settings_answer_the_next_call() -> None:
    async with upstream() as one, upstream() as two:
        one.say([answer("one")])
        two.say([answer("two")])
        async with open_gateway(settings(one.url), env=ENV) as gateway:
            assert await told(gateway) == "one"
            assert (await gateway.reload(settings(two.url))).ok
            assert await told(gateway) == "two"
            async with asyncio.timeout(5):
                await one.seen[-1].left.wait()  # the old engine has let go of its connections


async def test_an_answer_that_began_before_ends_where_it_began() -> None:
    go = 0.3
    async with upstream() as one, upstream() as two:
        one.say([*stream("a")[:3], go, event({"content": "b"}), event({}, "stop"), USAGE, DONE, CLOSE])
        two.say([answer("two")])
        async with open_gateway(settings(one.url), env=ENV) as gateway, gateway.stream(ASK) as running:
            texts = running.texts()
            assert await anext(texts) == "a"
            await gateway.reload(settings(two.url))
            assert await told(gateway) == "two"
            assert [text async for text in texts] == ["b"]


async def test_a_fault_leaves_the_old_engine_and_says_why(tmp_path: Path) -> None:
    async with upstream() as up:
        up.say([answer("still here")])
        path = written(tmp_path / "lockgate.yaml", settings(up.url))
        async with open_gateway(path, env=ENV) as gateway, listening(gateway) as url, aiohttp.ClientSession() as client:
            path.write_text(path.read_text().replace("up/m", "upp/m"))
            with pytest.raises(SettingsError, match="did you mean up"):
                await gateway.reload()
            async with client.post(f"{url}/admin/reload", json={}) as refused:
                assert refused.status == 422
                faults = (await refused.json())["error"]["faults"]
                assert faults[0]["path"] == "routes.fast.targets[0]"
            async with client.get(f"{url}/health/providers") as health:
                said = (await health.json())["reload"]
                assert said["ok"] is False
                assert "upp" in said["error"]
            assert await told(gateway) == "still here"
            path.write_text(path.read_text().replace("upp/m", "up/m"))
            async with client.post(f"{url}/admin/reload", json={}) as taken:
                assert taken.status == 200
            assert gateway.last_reload is not None
            assert gateway.last_reload.ok


async def test_a_provider_that_does_not_open_leaves_the_old_engine() -> None:
    async with upstream() as up:
        up.say([answer("still here")])
        async with open_gateway(settings(up.url), env=ENV) as gateway:
            broken = settings(up.url)
            broken["providers"]["engine"] = {"kind": "llamacpp", "model_path": "/nowhere/model.gguf"}
            with pytest.raises(SettingsError, match="engine"):
                await gateway.reload(broken)
            assert await told(gateway) == "still here"
            assert list(gateway.providers) == ["up"]


async def test_the_front_door_takes_new_routes_and_keys() -> None:
    async with upstream() as up:
        up.say([answer("hello")])
        async with (
            open_gateway(settings(up.url), env=ENV) as gateway,
            listening(gateway) as url,
            aiohttp.ClientSession() as client,
        ):
            new = settings(up.url, server={"client_credential_refs": ["env:CLIENT_KEY"]})
            new["routes"]["slow"] = {"targets": ["up/m"]}
            await gateway.reload(new)
            async with client.post(f"{url}/v1/chat/completions", json=BODY) as nobody:
                assert nobody.status == 401
            key = {"authorization": "Bearer sk-client"}
            async with client.post(f"{url}/v1/chat/completions", json=BODY | {"model": "slow"}, headers=key) as known:
                assert known.status == 200
            async with client.get(f"{url}/v1/models", headers=key) as models:
                assert "slow" in {model["id"] for model in (await models.json())["data"]}


async def test_what_stays_the_same_keeps_its_connections_its_breakers_and_its_counts() -> None:
    breaker = {"failures": 2, "open_for": 60.0, "max_open_for": 60.0}
    async with upstream() as up:
        up.say([answer("hello")], [http(b"{}", 500)])
        first = settings(up.url, breaker=breaker, retry={"max_attempts": 1})
        async with open_gateway(first, env=ENV) as gateway:
            await told(gateway)
            for _ in range(2):
                with pytest.raises(UpstreamError):
                    await told(gateway)
            port, asked = gateway.providers["up"].port, len(up.seen)
            more = settings(up.url, breaker=breaker, retry={"max_attempts": 1})
            more["providers"]["other"] = {"kind": "openai-compatible", "base_url": "http://127.0.0.1:9/v1"}
            await gateway.reload(more)
            assert gateway.providers["up"].port is port
            with pytest.raises(UpstreamError, match="failed too often"):
                await told(gateway)
            assert len(up.seen) == asked, "the breaker was forgotten"
            assert b'outcome="ok"' in gateway.metrics.exposition() or b"_count" in gateway.metrics.exposition()
            moved = settings(up.url.replace("127.0.0.1", "localhost"), breaker=breaker, retry={"max_attempts": 1})
            await gateway.reload(moved)
            assert gateway.providers["up"].port is not port


async def test_a_key_that_a_new_store_holds_is_used_by_a_provider_that_stays(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-from-file")
    key.chmod(0o600)
    async with upstream() as up:
        up.say([answer("hello")])
        first = settings(up.url)
        first["providers"]["up"]["credential_ref"] = f"file:{key}"
        async with open_gateway(first, env=ENV) as gateway:
            await told(gateway)
            second = settings(up.url)
            second["providers"]["up"]["credential_ref"] = f"file:{key}"
            second["providers"]["more"] = second["providers"]["up"] | {"credential_ref": "env:UP_KEY"}
            await gateway.reload(second)
            await told(gateway)
            assert up.seen[-1].headers["authorization"] == "Bearer sk-from-file"
            key.write_text("sk-rotated")
            async with asyncio.timeout(5):
                while "sk-rotated" not in str(up.seen[-1].headers):
                    await asyncio.sleep(0.1)
                    await told(gateway)


def _either(seen: Seen) -> Script:
    if seen.json.get("stream"):
        body = stream(*["w"] * 5)
        return [part for word in body for part in (word, 0.002)]
    return [answer("hello")]


async def test_no_request_is_lost_while_settings_are_reloaded_again_and_again(tmp_path: Path) -> None:
    """Whole answers and streams, to two upstreams between which the settings go back and forth."""
    done = asyncio.Event()
    counts = {"whole": 0, "streamed": 0}

    async def ask(client: aiohttp.ClientSession, url: str, body: dict[str, Any], sound: Callable[[bytes], bool]) -> int:
        answered = 0
        while not done.is_set():
            async with client.post(f"{url}/v1/chat/completions", json=body) as response:
                text = await response.read()
                assert response.status == 200, text
                assert sound(text), text
            answered += 1
        return answered

    async with upstream() as one, upstream() as two:
        one.say(_either)
        two.say(_either)
        path = written(tmp_path / "lockgate.yaml", settings(one.url))
        async with open_gateway(path, env=ENV) as gateway, listening(gateway) as url, aiohttp.ClientSession() as client:
            async with asyncio.TaskGroup() as group:
                whole = [group.create_task(ask(client, url, BODY, lambda text: b"hello" in text)) for _ in range(4)]
                streamed = [
                    group.create_task(
                        ask(client, url, BODY | {"stream": True}, lambda t: t.count(b'"w"') == 5 and b"[DONE]" in t)
                    )
                    for _ in range(4)
                ]
                for each in range(ROUNDS):
                    up: Upstream = (one, two)[each % 2]
                    written(path, settings(up.url, **({"retry": {"max_attempts": 2}} if each % 3 else {})))
                    async with client.post(f"{url}/admin/reload", json={}) as reloaded:
                        assert reloaded.status == 200
                    await asyncio.sleep(0.005)
                done.set()
            counts["whole"] = sum(task.result() for task in whole)
            counts["streamed"] = sum(task.result() for task in streamed)
            assert len(one.seen) > 10
            assert len(two.seen) > 10
            assert min(counts.values()) > 10
            print(f"{ROUNDS} reloads, {counts['whole']} whole answers, {counts['streamed']} streams")
