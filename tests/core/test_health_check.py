"""Checks by interval open and close breakers without a client's call."""

import asyncio

import pytest
from fakes import FakeClock, FakeModel, provider, source

from lockgate_core.breaker import BreakerPolicy
from lockgate_core.health_check import check, watch
from lockgate_core.slots import SlotsPolicy
from lockgate_ports.errors import UpstreamError


class Probed(FakeModel):
    async def probe(self, attempt):
        return self._act(attempt)


def fault(kind: str = "transient") -> UpstreamError:
    return UpstreamError("down", kind=kind)


async def test_failed_checks_open_a_breaker_and_one_that_is_answered_closes_it():
    clock, up = FakeClock(), Probed(fault(), fault(), None)
    target = provider("up", up, breaker=BreakerPolicy(failures=2), sources=[source("k")])
    breaker = target.breakers.of("m")
    for _ in range(2):
        await check(target, "m", 1.0, clock, lambda: 0.5)
    assert breaker.wait(clock.now()) > 0
    await check(target, "m", 1.0, clock, lambda: 0.5)
    assert breaker.wait(clock.now()) == 0
    assert [(attempt.model, attempt.secret.ref) for attempt in up.attempts] == [("m", "k")] * 3


async def test_a_silent_target_fails_its_check_in_time():
    clock = FakeClock()
    target = provider("up", Probed(lambda: clock.pass_time(5)), breaker=BreakerPolicy(failures=1))
    await check(target, "m", 1.0, clock, lambda: 0.5)
    assert target.breakers.of("m").wait(clock.now()) > 0


@pytest.mark.parametrize("kind", ["rate_limit", "auth", "invalid_request"])
async def test_a_target_that_refuses_the_check_is_alive(kind):
    clock = FakeClock()
    target = provider("up", Probed(fault(kind)), breaker=BreakerPolicy(failures=1))
    await check(target, "m", 1.0, clock, lambda: 0.5)
    assert target.breakers.of("m").wait(clock.now()) == 0


async def test_a_busy_provider_is_not_checked_and_a_check_gives_its_place_back():
    clock, up = FakeClock(), Probed(None)
    target = provider("up", up, slots=SlotsPolicy(1))
    (slots,) = await target.slots.take("m", 1, 0, clock)
    await check(target, "m", 1.0, clock, lambda: 0.5)
    assert up.attempts == []
    slots.give_back(1.0)
    for _ in range(2):
        await check(target, "m", 1.0, clock, lambda: 0.5)
    assert len(up.attempts) == 2


async def test_each_model_is_checked_in_each_interval():
    clock, up = FakeClock(), Probed(None)
    sleep, rounds = clock.sleep, []

    async def three_times(seconds):
        rounds.append(seconds)
        if len(rounds) > 3:
            raise asyncio.CancelledError
        await sleep(seconds)

    clock.sleep = three_times
    with pytest.raises(asyncio.CancelledError):
        await watch(provider("up", up), ["m", "n"], 10.0, clock, lambda: 0.5)
    assert rounds == [10.0] * 4
    assert [attempt.model for attempt in up.attempts] == ["m", "n"] * 3
