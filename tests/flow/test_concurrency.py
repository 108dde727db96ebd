"""How many calls a target gets at a time, who waits, and who goes first: from client bytes to client bytes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from gateway import serving, settings
from test_callers import create
from upstream import CLOSE, DONE, SSE_HEAD, Seen, answer, event, upstream

from lockgate import ChatRequest, user
from lockgate_ports.errors import SettingsError

ADMIN = {"admin_credential_refs": ["env:CLIENT_KEY"]}
KEY = {"authorization": "Bearer sk-client"}


def ask(model: str, word: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": word}]}


def bounded(url: str, provider: dict[str, Any], **more: Any) -> dict[str, Any]:
    config = settings(url, **more)
    config["providers"]["up"] |= provider
    return config


def said(seen: Seen) -> str:
    return seen.json["messages"][0]["content"]


async def until(true) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


async def test_calls_wait_for_a_place_by_priority_and_are_told_when_to_come_back():
    config = bounded(
        "", {"concurrency": {"fixed": 1, "max_queued": 2}}, priority={"most": "high"},
        profiles={"batch": {"model": "fast", "priority": "low"}},
    )  # fmt: skip
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            go = asyncio.Event()
            up.say([go, answer()], [answer()])
            calls: dict[str, asyncio.Task[Any]] = {}
            for place, (word, model, headers) in enumerate(
                (
                    ("first", "fast", {}),
                    ("low", "batch", {}),
                    ("normal", "fast", {}),
                    ("high", "fast", {"x-lockgate-priority": "high"}),
                    ("late", "fast", {}),
                )
            ):
                calls[word] = asyncio.create_task(gw.ask(ask(model, word), headers=headers))
                wanted = min(place, 2)
                slots = gw.gateway.providers["up"].slots.at("m")[0]
                await until(lambda: slots.now.running == 1 and slots.now.waiting == wanted)  # noqa: B023
                if word in ("high", "late"):
                    await until(lambda: slots.refused == place - 2)  # noqa: B023
            metrics = (await gw.get("/metrics")).body.decode()
            labels = '{gen_ai_provider_name="up",gen_ai_request_model="m"}'
            for line in ("limit{} 1", "running{} 1", "waiting{} 2", "refused_total{} 2"):
                assert f"lockgate_slots_{line.replace('{}', labels)}\n" in metrics
            other = await gw.ask(ask("up/other", "another model"))
            assert other.status == 200, "it has places of its own"
            go.set()
            told = {word: await call for word, call in calls.items()}
        order = [said(seen) for seen in up.seen if seen.json["model"] == "m"]
    assert order == ["first", "high", "normal"]
    assert {word: each.status for word, each in told.items()} == {
        "first": 200, "low": 429, "normal": 200, "high": 200, "late": 429,
    }  # fmt: skip
    assert told["low"].json["error"]["code"] == "busy"
    assert "up/m: concurrency (1) is reached, and calls of a higher priority took its turn" in str(told["low"].json)
    assert "max_queued (2) calls wait already" in str(told["late"].json)
    assert int(told["late"].headers["retry-after"]) >= 1


async def test_a_client_that_leaves_the_line_keeps_nobody_waiting_and_a_stream_holds_its_place():
    async with upstream() as up:
        config = bounded(up.url, {"model_concurrency": {"m": {"fixed": 1, "max_queued": 1}}})
        async with serving(config) as gw:
            go = asyncio.Event()
            up.say([SSE_HEAD, event({"content": "one"}), go, event({}, "stop"), DONE, CLOSE], [answer()])
            slots = gw.gateway.providers["up"].slots.at("m")[0]
            stream = asyncio.create_task(gw.ask(ask("fast", "stream") | {"stream": True}))
            await until(lambda: slots.now.running == 1)
            leaving = asyncio.create_task(gw.ask(ask("fast", "leaves")))
            await until(lambda: slots.now.waiting == 1)
            leaving.cancel()
            await until(lambda: slots.now.waiting == 0)
            assert not stream.done()
            stays = asyncio.create_task(gw.ask(ask("fast", "stays")))
            await until(lambda: slots.now.waiting == 1)
            go.set()
            assert (await stream).events[-1].startswith("[DONE]")
            assert (await stays).status == 200
        assert [said(seen) for seen in up.seen] == ["stream", "stays"]


async def test_nobody_raises_itself_above_what_its_key_allows():
    async with upstream() as up:
        config = bounded(up.url, {"concurrency": {"fixed": 1, "max_queued": 1}})
        async with serving(config) as gw:
            up.say([answer()])
            told = await gw.ask(ask("fast", "hi"), headers={"x-lockgate-priority": "high"})
            assert (told.status, told.json["error"]["code"]) == (403, "forbidden")
            told = await gw.ask(ask("fast", "hi"), headers={"x-lockgate-priority": "urgent"})
            assert (told.status, told.json["error"]["param"]) == (400, "x-lockgate-priority")
            assert not up.seen
            assert (await gw.ask(ask("fast", "hi"), headers={"x-lockgate-priority": "low"})).status == 200


async def test_an_adaptive_limit_is_explained_and_cut_when_the_provider_has_no_room():
    busy = b"HTTP/1.1 429 X\r\ncontent-length: 2\r\nretry-after: 60\r\n\r\n{}"
    async with upstream() as up:
        config = bounded(up.url, {"concurrency": {"adaptive": {"start": 10}}, "max_parallel": 50}, server=ADMIN)
        async with serving(config) as gw:
            up.say([busy])
            assert (await gw.ask(ask("fast", "hi"), headers=KEY)).status == 429
            (target,) = gw.gateway.explain(ChatRequest(model="fast", messages=(user("hi"),))).targets
            told = (await gw.ask(ask("fast", "hi"), path="/admin/explain", headers=KEY)).json
    assert [(each.of, each.limit, each.adaptive) for each in target.slots] == [("up/m", 8, True), ("up", 50, False)]
    assert told["targets"][0]["slots"][0]["limit"] == 8
    assert told.get("priority", "normal") == "normal"


async def test_a_new_limit_is_a_matter_of_a_reload():
    async with upstream() as up:
        config = bounded(up.url, {"concurrency": {"fixed": 1}})
        async with serving(config) as gw:
            go = asyncio.Event()
            up.say([go, answer()], [answer()])
            running = asyncio.create_task(gw.ask(ask("fast", "hi")))
            await until(lambda: up.seen)
            assert (await gw.ask(ask("fast", "hi"))).status == 429
            config["providers"]["up"]["concurrency"] = {"fixed": 2}
            await gw.gateway.reload(config)
            go.set()
            told = await asyncio.gather(running, gw.ask(ask("fast", "hi")))
    assert [each.status for each in told] == [200, 200]


@pytest.mark.parametrize(
    ("provider", "more", "fault"),
    [
        ({"concurrency": {}}, {}, "providers.up.concurrency: say one of fixed and adaptive"),
        ({"concurrency": {"fixed": 1, "adaptive": {}}}, {}, "say one of fixed and adaptive"),
        ({"concurrency": {"fixed": 0}}, {}, "providers.up.concurrency.fixed: must be at least 1"),
        ({"model_concurrency": {"m": {"adaptive": {"min": 30}}}}, {}, "start must lie between min and max"),
        ({}, {"priority": {"default": "high"}}, "priority: default is higher than most"),
        ({}, {"priority": {"most": "urgent"}}, "priority.most"),
        ({}, {"profiles": {"p": {"model": "fast", "priority": "hihg"}}}, "profiles.p.priority"),
    ],
)
async def test_limits_that_mean_nothing_are_refused(provider, more, fault):
    with pytest.raises(SettingsError) as caught:
        async with serving(bounded("http://127.0.0.1:1/v1", provider, **more)):
            pass
    assert fault in caught.value.message


async def test_a_virtual_key_bounds_the_priority_of_its_calls(tmp_path: Path):
    low = create(tmp_path, "--priority", "low")
    high = create(tmp_path, "--priority", "high")
    config = bounded("", {"concurrency": {"fixed": 1, "max_queued": 4}}, auth={"keys": {"path": f"{tmp_path}/keys.db"}})
    async with upstream() as up:
        config["providers"]["up"]["base_url"] = up.url
        async with serving(config) as gw:
            go = asyncio.Event()
            up.say([go, answer()], [answer()])
            slots = gw.gateway.providers["up"].slots.at("m")[0]
            calls: list[asyncio.Task[Any]] = []
            for place, (word, key) in enumerate((("first", low), ("low", low), ("high", high))):
                headers = {"authorization": f"Bearer {key}"}
                calls.append(asyncio.create_task(gw.ask(ask("fast", word), headers=headers)))
                await until(lambda: slots.now.running == 1 and slots.now.waiting == place)  # noqa: B023
            refused = await gw.ask(
                ask("fast", "hi"), headers={"authorization": f"Bearer {low}", "x-lockgate-priority": "normal"}
            )
            go.set()
            assert (refused.status, [(await each).status for each in calls]) == (403, [200] * 3)
    assert [said(seen) for seen in up.seen] == ["first", "high", "low"]
