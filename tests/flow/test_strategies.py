"""The strategies that go by what runs now, from client bytes to client bytes."""

import asyncio
from typing import Any

from gateway import Served, serving, settings
from upstream import HANG, Upstream, answer, upstream

ASK: dict[str, Any] = {"model": "fast", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 1}


def by(strategy: str, url: str, provider: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    config = settings(url, **more)
    config["providers"]["up"] |= provider or {}
    config["routes"]["fast"] = {"targets": ["up/a", "up/b"], "strategy": strategy}
    return config


async def until(true) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.005)


async def asked_while_a_runs(gw: Served, up: Upstream, calls: int) -> list[str]:
    """Who is asked by further calls while one runs at `up/a`."""
    up.say([HANG], [answer()])
    running = asyncio.create_task(gw.ask(ASK | {"model": "up/a"}))
    await until(lambda: up.seen)
    for _ in range(calls):
        assert (await gw.ask(ASK)).status == 200
    assert not running.done()
    running.cancel()
    return [seen.json["model"] for seen in up.seen[1:]]


async def test_usage_asks_where_most_places_are_free():
    async with upstream() as up:
        limits = {"model_concurrency": {"a": {"fixed": 4}, "b": {"fixed": 4}}}
        async with serving(by("usage", up.url, limits)) as gw:
            assert await asked_while_a_runs(gw, up, 3) == ["b"] * 3


async def test_usage_weighs_what_runs_by_what_may_run():
    async with upstream() as up:
        limits = {"model_concurrency": {"a": {"fixed": 100}, "b": {"fixed": 2}}}
        async with serving(by("usage", up.url, limits)) as gw:
            up.say([HANG], [HANG], [HANG], [answer()])
            running = [asyncio.create_task(gw.ask(ASK | {"model": model})) for model in ("up/a", "up/a", "up/b")]
            await until(lambda: len(up.seen) == 3)
            assert (await gw.ask(ASK)).status == 200
            assert up.seen[3].json["model"] == "a"
            for each in running:
                each.cancel()


async def test_usage_asks_where_most_is_left_under_limits_of_models():
    rules = [{"scope": "model:up/a", "rpm": 10}, {"scope": "model:up/b", "rpm": 5}]
    async with upstream() as up, serving(by("usage", up.url, limits={"rules": rules})) as gw:
        up.say([answer()])
        for _ in range(9):
            assert (await gw.ask(ASK)).status == 200
        models = [seen.json["model"] for seen in up.seen]
    assert (models.count("a"), models.count("b")) == (6, 3)


async def test_usage_comes_back_to_a_target_whose_calls_are_over():
    rules = [{"scope": "model:up/a", "parallel": 1}, {"scope": "model:up/b", "parallel": 2}]
    async with upstream() as up, serving(by("usage", up.url, limits={"rules": rules})) as gw:
        assert await asked_while_a_runs(gw, up, 2) == ["b", "b"]
        await until(lambda: up.seen[0].left.is_set())
        up.say([answer()])

        async def back() -> bool:
            await gw.ask(ASK)
            return up.seen[-1].json["model"] == "a"

        async with asyncio.timeout(30):
            while not await back():
                await asyncio.sleep(0.01)


async def test_least_busy_and_fastest_leave_a_target_alone_where_calls_run():
    for strategy in ("least_busy", "fastest"):
        async with upstream() as up, serving(by(strategy, up.url)) as gw:
            assert await asked_while_a_runs(gw, up, 3) == ["b"] * 3
