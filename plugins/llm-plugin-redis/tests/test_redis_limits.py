"""Limits in a real Redis: exact over many gateways, and what holds while it is away."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from llm_plugin_redis import limits as module
from llm_plugin_redis.limits import RedisLimits
from lockgate_ports.errors import LimitsFailed, SettingsError
from lockgate_ports.limits import Claim, Grant, Limit
from lockgate_ports.memory_limits import window_end

Opened = Callable[..., RedisLimits]
RPM = Limit("key:a", "requests", 100, 60)
TPM = Limit("tenant:a", "tokens", 10_000, 60)
AT_ONCE = Limit("key:a", "in_flight", 7, None)
MONEY = Limit("tenant:a", "micro_usd", 1_000_000, "month")


async def settled(*limits: RedisLimits) -> None:
    for each in limits:
        await asyncio.gather(*each._under_way)


async def test_two_gateways_under_load_admit_exactly_the_limit_together(opened: Opened):
    one, two = opened(), opened()
    claims = [Claim(RPM, 1), Claim(Limit("all", "requests", 1000, 60), 1)]
    grants = await asyncio.gather(*(luck.claim(claims) for luck in [one, two] * 150))
    assert sum(grant.refused is None for grant in grants) == 100
    assert {grant.refused.limit for grant in grants if grant.refused} == {RPM}
    everybody = await one.claim([Claim(Limit("all", "requests", 1000, 60), 1)])
    assert everybody.standings[0].remaining == 1000 - 101, "a refused call takes nothing of its other limits"


async def test_what_is_settled_is_given_back_to_all(opened: Opened):
    one, two = opened(), opened()
    grant = await one.claim([Claim(TPM, 9_000), Claim(MONEY, 900_000)])
    assert (await two.claim([Claim(TPM, 2_000)])).refused is not None
    one.settle(grant, [500, 100])
    await settled(one)
    told = await two.claim([Claim(TPM, 2_000), Claim(MONEY, 1)])
    assert [standing.remaining for standing in told.standings] == [10_000 - 2_500, 1_000_000 - 101]
    assert 0 < (told.standings[0].resets_in or 0) <= 60


async def test_calls_at_once_never_use_more_than_the_limit_and_one_estimate(opened: Opened):
    gateways, luck = [opened(), opened()], random.Random(7)
    used = most = 0

    async def call(limits: RedisLimits) -> None:
        nonlocal used, most
        estimate = luck.randint(50, 400)
        grant = await limits.claim([Claim(TPM, estimate), Claim(AT_ONCE, 1)])
        if grant.refused:
            return
        really = luck.randint(0, estimate)
        used += really
        most = max(most, used)
        limits.settle(grant, [really, 0])

    for _ in range(30):
        await asyncio.gather(*(call(limits) for limits in gateways * 7))
    await settled(*gateways)
    assert most <= 10_000
    assert (await gateways[0].claim([Claim(AT_ONCE, 1)])).standings[0].remaining == 6


async def test_calls_at_a_time_are_freed_when_they_end_and_when_their_gateway_died(opened: Opened):
    one, two = opened(lease=1), opened(lease=1)
    grants = await asyncio.gather(*(limits.claim([Claim(AT_ONCE, 1)]) for limits in [one, two] * 6))
    assert sum(grant.refused is None for grant in grants) == 7
    refused = next(grant.refused for grant in grants if grant.refused)
    assert refused.resets_in is None
    mine = next(grant for grant in grants if grant.refused is None)
    one.settle(mine, [0])
    await settled(one)
    assert (await two.claim([Claim(AT_ONCE, 1)])).refused is None
    assert (await two.claim([Claim(AT_ONCE, 1)])).refused is not None
    await asyncio.sleep(1.1)
    assert (await two.claim([Claim(AT_ONCE, 1)])).refused is None


async def test_a_window_that_is_over_counts_nothing_of_late_settling(opened: Opened):
    limits = opened()
    short = Limit("a", "tokens", 100, 1)
    late = await limits.claim([Claim(short, 80)])
    await asyncio.sleep(1.1)
    assert (await limits.claim([Claim(short, 90)])).refused is None
    limits.settle(late, [0])
    await settled(limits)
    assert (await limits.claim([Claim(short, 20)])).refused is not None


async def test_days_and_months_end_as_the_calendar_has_it(opened: Opened, server: Any):
    async with Redis.from_url(server.url) as client:
        seconds, _ = await client.time()
    for window in ("day", "month"):
        told = await opened().claim([Claim(Limit("a", "micro_usd", 10, window), 1)])
        end = window_end(window, seconds)
        assert abs((told.standings[0].resets_in or 0) - (end - seconds)) < 30 or end - seconds < 30


@pytest.mark.parametrize("day", [0, 58, 59, 364, 365, 789, 11_015, 11_016, 11_017, 20_000, 20_788, 21_200, 47_540])
async def test_months_in_the_script_end_as_the_calendar_has_it(server: Any, day: int):
    from llm_plugin_redis.scripts import CLAIM

    only = CLAIM[CLAIM.index("local function month_end") : CLAIM.index("local function window_end")]
    async with Redis.from_url(server.url) as client:
        told = await client.eval(only + f"return string.format('%.0f', month_end({day}))", 0)
    assert int(told) / 1000 == window_end("month", day * 86_400.0 + 5)


async def test_shadow_limits_tell_and_refuse_nothing(opened: Opened):
    shadow = Limit("a", "requests", 1, 60, shadow=True)
    limits = opened()
    assert (await limits.claim([Claim(shadow, 1)])).exceeded == ()
    over = await limits.claim([Claim(shadow, 1), Claim(RPM, 1)])
    assert (over.refused, over.exceeded) == (None, (shadow,))


async def test_a_call_that_is_cancelled_while_it_asks_takes_nothing(opened: Opened):
    limits = opened()
    await limits.claim([Claim(RPM, 1)])
    asking = asyncio.create_task(limits.claim([Claim(AT_ONCE, 1), Claim(TPM, 100)]))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await settled(limits)
    await settled(limits)
    told = await limits.claim([Claim(AT_ONCE, 1), Claim(TPM, 1)])
    assert [standing.remaining for standing in told.standings] == [6, 9_999]


async def test_while_redis_is_away_each_gateway_admits_its_share_or_nothing(
    opened: Opened, server: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_ASK_AGAIN", 0.0)
    local, strict = opened(away="local", local_share=0.25), opened(away="refuse")
    before = await local.claim([Claim(TPM, 10)])
    await strict.claim([Claim(TPM, 10)])
    server.stop()
    try:
        grants = [await local.claim([Claim(RPM, 1)]) for _ in range(30)]
        assert sum(grant.refused is None for grant in grants) == 25
        with pytest.raises(LimitsFailed):
            await strict.claim([Claim(RPM, 1)])
        local.settle(before, [5])
        local.settle(grants[0], [0])
        assert (await local.claim([Claim(RPM, 1)])).refused is None, "what was counted here is settled here"
    finally:
        server.start()
    again = await local.claim([Claim(RPM, 1)])
    assert (again.refused, again.window_ids[0]) != (None, "local")
    assert isinstance(again, Grant)


async def test_a_wrong_url_is_told_without_its_password():
    from llm_plugin_redis.kind import RedisSettings

    async def url() -> str:
        return "http://:hunter2@host"

    limits = RedisLimits(RedisSettings(credential_ref="env:X"), url)
    with pytest.raises(SettingsError) as caught:
        await limits.claim([Claim(RPM, 1)])
    assert "hunter2" not in str(caught.value)


async def test_it_tells_how_it_is(opened: Any, server: Any) -> None:
    limits = opened()
    health = await limits.health()
    assert health.says.startswith("Redis ")
    assert health.clock_skew is not None
    assert abs(health.clock_skew) < 5
    assert health.faults == ()
    await limits._redis.config_set("maxmemory", "100mb")
    await limits._redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        [fault] = (await limits.health()).faults
        assert "noeviction" in fault
    finally:
        await limits._redis.config_set("maxmemory-policy", "noeviction")
        await limits._redis.config_set("maxmemory", "0")
