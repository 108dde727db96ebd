"""What an engine leaves alone and leaves behind: the loop, the network, calls that nobody reads on, and its threads."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate_ports.errors import UpstreamError
from lockgate_ports.testkit.engine import LONG, SHORT, Engine
from lockgate_ports.testkit.watch import Watch

_AT_ONCE = 4
_TRIES = 5
_SHARE = 0.4
_TASKS = Path("/proc/self/task")
"""A line for each thread of this process, those of libraries as well; where there is no such folder, Python's own
threads are what can be seen."""


class EngineHygiene:
    """Many calls at once, calls that are given up, and the end."""

    async def test_calls_at_the_same_time_are_all_answered(self, engine: Engine) -> None:
        """Look at the queue: a call that finds no room waits. None hangs, and none gets another's answer."""
        replies = await asyncio.gather(*(engine.chat() for _ in range(_AT_ONCE)))
        assert len({reply.view.text for reply in replies}) == 1
        assert all(reply.glance.finish_reasons[0] for reply in replies)

    async def test_a_call_that_is_given_up_makes_room(self, engine: Engine) -> None:
        """Look at cancellation: it passes through, at once, and the engine stops at its next token. Look also for a
        call in line that is given up and keeps its place."""
        for wait in (0, 0.3):
            calls = [asyncio.create_task(engine.chat(LONG)) for _ in range(_AT_ONCE)]
            await asyncio.sleep(wait)
            for call in calls:
                call.cancel()
            async with engine.waiting("the end of calls that were given up"):
                ended = await asyncio.gather(*calls, return_exceptions=True)
            assert [type(each) for each in ended] == [asyncio.CancelledError] * _AT_ONCE
        assert (await engine.chat()).view.choices

    async def test_a_stream_that_is_left_makes_room(self, engine: Engine) -> None:
        """Look at the stream's `aclose`: it stops the engine at its next token, whether the stream was read or not, and
        may be called twice."""
        for read_first in (True, False) * 2:
            stream = await engine.stream(LONG)
            if read_first:
                async with engine.waiting("the first event of a stream"):
                    await anext(aiter(stream))
            async with engine.waiting("the end of a stream's aclose"):
                await stream.aclose()
                await stream.aclose()
        assert (await engine.chat()).view.choices

    async def test_the_event_loop_goes_round_while_it_answers(self, engine: Engine) -> None:
        """Look for work in a coroutine, or in a thread that holds the interpreter: every other call of the process
        stands still meanwhile."""
        gap = share = 0.0
        # Where others use the machine too, the system takes the processor away for a while: one good try is enough.
        for _ in range(_TRIES):
            with Watch() as watch:
                begun = time.perf_counter()
                async with watch.heartbeat():
                    await engine.chat()
                    await engine.events()
                gap, share = watch.longest_gap, watch.longest_gap / (time.perf_counter() - begun)
            assert watch.blocked == []
            if gap < Watch.LIMIT and share < _SHARE:
                return
        pytest.fail(f"the loop stood still for {gap:.2f} s, {share:.0%} of the time that two answers took")

    async def test_nothing_leaves_the_process(self, engine: Engine) -> None:
        """Look for a client, a process or an HttpPort that is asked: an engine's egress allowance is empty."""
        with Watch() as watch:
            await engine.chat()
            await engine.events()
        assert watch.ways_out == []
        assert engine.http.asked == []

    async def test_before_it_opens_it_says_so(self, unopened: Callable[[], Engine]) -> None:
        """Look at what a call does before `open` is over: it fails as `transient`, not sent, so that it may go
        elsewhere. What was never opened can be closed."""
        engine = unopened()
        error = await engine.refusal(SHORT)
        assert (error.kind, error.sent) == ("transient", False)
        await engine.aclose()

    async def test_closing_ends_its_calls_by_an_error(self, unopened: Callable[[], Engine]) -> None:
        """Look at `aclose`: calls in flight and in line fail, none hangs, none ends as though it were whole; a call
        that comes later is told the same, and closing twice does no harm."""
        engine = unopened()
        await engine.open()
        stream = await engine.stream(LONG)
        calls: list[asyncio.Task[object]] = [asyncio.create_task(engine.events(LONG))]
        calls.append(asyncio.create_task(engine.chat(LONG)))
        await asyncio.sleep(0.1)
        await engine.aclose()
        async with engine.waiting("the end of calls that were in flight"):
            with pytest.raises(UpstreamError) as caught:
                async for _ in stream:
                    pass
            ended = await asyncio.gather(*calls, return_exceptions=True)
        told = [caught.value, *ended]
        assert [each.kind if isinstance(each, UpstreamError) else each for each in told] == ["transient"] * 3
        late = await engine.refusal(SHORT)
        assert (late.kind, late.sent) == ("transient", False)
        await engine.aclose()

    async def test_closing_leaves_no_threads(self, unopened: Callable[[], Engine]) -> None:
        """Look at `aclose`: it waits for the engine's threads. One that stays keeps the model in memory, once for every
        reload of the settings."""
        names = await _threads_after(unopened())
        # What a library keeps for good it keeps once.
        kept = await asyncio.to_thread(_settled, 0)
        for _ in range(2):
            names |= await _threads_after(unopened())
        left = await asyncio.to_thread(_settled, kept)
        assert names == frozenset(), "these threads of Python's were left"
        assert left <= kept, f"{kept} threads after closing the first time, {left} after the third"


async def _threads_after(engine: Engine) -> frozenset[str]:
    """The names of Python's threads that are left of an engine's life."""
    before = set(threading.enumerate())
    await engine.open()
    await engine.chat()
    await engine.aclose()
    left = {thread for thread in threading.enumerate() if thread not in before and not _the_loops(thread)}
    for thread in left:
        # One that was waited for may take a moment to vanish.
        await asyncio.to_thread(thread.join, 1)
    return frozenset(thread.name for thread in left if thread.is_alive())


def _settled(expected: int) -> int:
    """How many threads there are, once there are no more than `expected` or a second has passed: the system takes away
    a thread that has ended a moment after it was waited for. Blocks."""
    until = time.perf_counter() + 1
    while (count := _threads()) > expected and time.perf_counter() < until:
        time.sleep(0.02)
    return count


def _threads() -> int:
    count = len(os.listdir(_TASKS)) if _TASKS.exists() else threading.active_count()
    return count - sum(map(_the_loops, threading.enumerate()))


def _the_loops(thread: threading.Thread) -> bool:
    """A thread of the event loop's own pool, which stays as long as the loop."""
    return thread.name.startswith("asyncio_")
