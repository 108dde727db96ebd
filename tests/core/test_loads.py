"""How many calls run at a target, and how quick it is."""

import asyncio

import pytest
from fakes import ANSWER, Bench, FakeModel, provider, read, streamed

from lockgate_core.loads import Load
from lockgate_core.retry import RetryPolicy
from lockgate_core.slots import SlotsPolicy
from lockgate_ports.errors import UpstreamError


async def test_a_call_counts_while_it_runs_and_its_time_afterwards():
    seen: list[int] = []

    def act():
        seen.append(load.in_flight)
        bench.clock.pass_time(0.5)
        return ANSWER

    made = provider("a", FakeModel(act))
    load = made.loads.of("m")
    bench = Bench(providers={"a": made})
    await bench.ask()
    assert (seen, load.in_flight, load.latency) == ([1], 0, 0.5)


async def test_a_call_that_waits_for_a_place_counts_as_well():
    made = provider("a", FakeModel(lambda: streamed("one")), slots=SlotsPolicy(1, 1))
    load = made.loads.of("m")
    bench = Bench(providers={"a": made})
    first = await bench.ask(stream=True)
    waiting = asyncio.ensure_future(bench.ask(stream=True))
    for _ in range(5):
        await asyncio.sleep(0)
    assert load.in_flight == 2
    await read(first)
    await read(await waiting)
    assert load.in_flight == 0


async def test_a_stream_runs_until_its_end_and_is_as_quick_as_its_first_word():
    made = provider("a", FakeModel(streamed("one", "two")))
    load = made.loads.of("m")
    bench = Bench(providers={"a": made})
    stream = await bench.ask(stream=True)
    assert (load.in_flight, load.latency) == (1, 0.0)
    bench.clock.pass_time(30)
    await read(stream)
    assert (load.in_flight, load.latency) == (0, 0.0)


async def test_a_target_that_fails_quickly_does_not_look_quick():
    made = provider("a", FakeModel(UpstreamError("no", kind="transient")))
    bench = Bench(policy=RetryPolicy(max_attempts=1), providers={"a": made})
    with pytest.raises(UpstreamError):
        await bench.ask()
    load = made.loads.of("m")
    assert (load.in_flight, load.latency) == (0, 1.0)


def test_a_peak_counts_at_once_and_fades():
    load = Load()
    load.answered(0.1, 0.0)
    load.answered(5.0, 1.0)
    assert load.latency == 5.0
    load.answered(0.1, 2.0)
    assert 4.0 < (load.latency or 0) < 5.0
    load.answered(0.1, 60.0)
    assert (load.latency or 0) < 0.2
