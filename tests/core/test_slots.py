"""Calls that wait for a place: in which order, for how long, and what they are told."""

import asyncio

import pytest
from fakes import ANSWER, Bench, FakeClock, FakeModel, provider, streamed
from virtual_time import run, virtual_clock

from lockgate_core.slots import AdaptivePolicy, ProviderSlots, Slots, SlotsPolicy
from lockgate_ports.errors import Busy, UpstreamError

CLOCK = virtual_clock()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def played(play):
    """In time that leaps."""
    return run(play())


def test_whoever_is_busy_is_told_when_a_place_may_be_free():
    async def play():
        slots = Slots("up", SlotsPolicy(2, 1))
        for held in (4.0, 4.0):
            await slots.take(1, 1, CLOCK)
            slots.give_back(held)
        await slots.take(1, 1, CLOCK)
        await slots.take(1, 1, CLOCK)
        waiting = asyncio.ensure_future(slots.take(1, 60, CLOCK))
        await settle()
        with pytest.raises(Busy) as caught:
            await slots.take(1, 60, CLOCK)
        # One waits before it, and of two calls of four seconds one ends each two seconds.
        assert caught.value.retry_after == 4.0
        slots.give_back(4.0)
        await waiting

    played(play)


def test_who_waits_longer_than_it_may_is_told_so_and_keeps_nobody_from_a_place():
    async def play():
        slots = Slots("up", SlotsPolicy(1, 2, patience=3.0))
        await slots.take(1, 1, CLOCK)
        began = CLOCK.now()
        with pytest.raises(Busy, match="no place was free within 3 s"):
            await slots.take(1, 60, CLOCK)
        with pytest.raises(Busy, match="no place was free within 2 s"):
            await slots.take(1, 2, CLOCK)
        assert CLOCK.now() - began == pytest.approx(5)
        slots.give_back(1.0)
        assert slots.free
        assert slots.refused == 2

    played(play)


@pytest.mark.parametrize("late", [True, False])
def test_a_call_that_is_cancelled_in_line_leaves_it_and_one_that_just_got_its_place_gives_it_back(late):
    async def play():
        slots = Slots("up", SlotsPolicy(1, 2))
        await slots.take(1, 1, CLOCK)
        one, two = (asyncio.ensure_future(slots.take(1, 60, CLOCK)) for _ in range(2))
        await settle()
        one.cancel()
        await settle()
        assert slots.now.waiting == 1
        if late:
            slots.give_back(1.0)  # now it is the second one's
            two.cancel()
        else:
            two.cancel()
            slots.give_back(1.0)  # it does not know yet that it was cancelled
        await settle()
        assert (two.cancelled(), slots.free) == (True, True)

    played(play)


def test_higher_priorities_go_first_and_take_the_turn_of_the_last_in_a_full_line():
    async def play():
        slots = Slots("up", SlotsPolicy(1, 2))
        served: list[str] = []

        async def call(name: str, rank: int) -> None:
            try:
                await slots.take(rank, 60, CLOCK)
            except Busy as busy:
                served.append(f"{name}: {busy.message.split(', and ')[1]}")
            else:
                served.append(name)
                await asyncio.sleep(1)
                slots.give_back(1.0)

        calls = []
        for name, rank in (("first", 1), ("low", 0), ("normal", 1), ("high", 2), ("low too", 0)):
            calls.append(asyncio.ensure_future(call(name, rank)))
            await settle()
        await asyncio.gather(*calls)
        assert served == [
            "first",
            "low: calls of a higher priority took its turn; come back later",
            "low too: max_queued (2) calls wait already; come back later",
            "high",
            "normal",
        ]

    played(play)


def test_a_low_call_is_not_passed_for_ever():
    async def play():
        slots = Slots("up", SlotsPolicy(1, 100, patience=1e9, aging=10.0))
        await slots.take(1, 1, CLOCK)
        waited: list[float] = []

        async def call(rank: int) -> None:
            began = CLOCK.now()
            await slots.take(rank, 1e9, CLOCK)
            if rank == 0:
                waited.append(CLOCK.now() - began)
            await asyncio.sleep(1)
            slots.give_back(1.0)

        calls = [asyncio.ensure_future(call(0))]
        await settle()
        for _ in range(60):  # one comes each second, and one is served each second
            calls.append(asyncio.ensure_future(call(2)))
            await asyncio.sleep(1)
            if not waited and len(calls) == 2:
                slots.give_back(1.0)
        await asyncio.gather(*calls)
        assert 19 <= waited[0] <= 22

    played(play)


async def test_each_model_has_places_of_its_own_beside_those_of_its_provider():
    slots = ProviderSlots("up", SlotsPolicy(3), SlotsPolicy(1), {"big": SlotsPolicy(2)})
    await slots.take("small", 1, 0, CLOCK)
    with pytest.raises(Busy, match=r"up/small: concurrency \(1\) is reached"):
        await slots.take("small", 1, 0, CLOCK)
    await slots.take("big", 1, 0, CLOCK)
    (own, whole) = await slots.take("big", 1, 0, CLOCK)
    with pytest.raises(Busy, match=r"up: max_parallel \(3\) is reached"):
        await slots.take("other", 1, 0, CLOCK)
    assert slots.at("other")[0].idle, "it gave back the place of its model"
    for each in (own, whole):
        each.give_back(1.0)
    assert slots.free("big")
    assert slots.room("big") == pytest.approx(1 / 3)
    assert slots.room("small") == 0


async def test_names_of_models_that_clients_make_up_take_no_memory_and_free_nobodys_place():
    slots = ProviderSlots("up", None, SlotsPolicy(1))
    await slots.take("busy", 1, 0, CLOCK)
    for number in range(2000):
        slots.at(f"m{number}")
    assert len(list(slots)) <= 1024
    with pytest.raises(Busy):
        await slots.take("busy", 1, 0, CLOCK)


async def test_a_target_that_has_no_room_gets_fewer_calls_and_one_that_answers_gets_more():
    up = FakeModel(UpstreamError("no room", kind="rate_limit", upstream_status=429), ANSWER)
    found = AdaptivePolicy(start=10, window=0.0)
    bench = Bench(providers={"up": provider("up", up, each=SlotsPolicy(found))})
    slots = bench.providers["up"].slots
    await bench.ask()
    (own,) = slots.at("m")
    assert own.now.limit == 8
    for _ in range(4):
        await own.take(1, 0, bench.clock)
    for _ in range(40):
        await bench.ask()
    assert own.now.limit >= 9
    assert own.now.running == 4


async def test_calls_of_each_kind_are_compared_with_their_like():
    clock = FakeClock()

    def taking(seconds, told):
        def act():
            clock.pass_time(seconds)
            return told

        return act

    up = FakeModel(*(act for _ in range(60) for act in (taking(9.0, ANSWER), taking(0.1, streamed("a")))))
    found = AdaptivePolicy(start=4, window=0.0)
    bench = Bench(providers={"up": provider("up", up, each=SlotsPolicy(found))}, clock=clock)
    (own,) = bench.providers["up"].slots.at("m")
    for _ in range(3):
        await own.take(1, 0, clock)
    for _ in range(60):
        await bench.ask()
        await (await bench.ask(stream=True)).aclose()
    assert own.now.limit > 4


async def test_a_stream_holds_its_place_until_its_end():
    bench = Bench(providers={"up": provider("up", FakeModel(lambda: streamed("a")), each=SlotsPolicy(1))})
    stream = await bench.ask(stream=True)
    with pytest.raises(Busy):
        await bench.ask(stream=True)
    await stream.aclose()
    await (await bench.ask(stream=True)).aclose()
