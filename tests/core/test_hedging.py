"""A second target is asked when the first takes longer than nearly always: seldom, and never where that does harm."""

import asyncio

import pytest
from fakes import ANSWER, Bench, FakeModel, read, streamed
from virtual_time import run, virtual_clock

from lockgate_core.terms import HedgePolicy, Terms
from lockgate_ports.chat import ChatRequest, NativeTool
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import user
from lockgate_ports.replies import reply_of
from lockgate_ports.wire import Request


class Timed(FakeModel):
    """Takes so many seconds, call by call; the last of them again and again. `fault`: then fails."""

    def __init__(self, *seconds: float, fault: UpstreamError | None = None) -> None:
        super().__init__(None)
        self.seconds = list(seconds)
        self.fault = fault
        self.cancelled = 0

    async def _wait(self, attempt) -> None:
        self.attempts.append(attempt)
        try:
            await asyncio.sleep(self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.fault:
            raise self.fault

    async def chat(self, request, attempt):
        await self._wait(attempt)
        return reply_of(ANSWER)

    async def stream(self, request, attempt):
        await self._wait(attempt)
        self._acts = [streamed("he", "llo")]
        return await super().stream(request, attempt)


def hedged(policy: HedgePolicy | None = None, **models: FakeModel) -> Bench:
    return Bench(clock=virtual_clock(), terms={"r": Terms(hedge=policy or HedgePolicy(budget=1.0))}, **models)


USUAL = [0.1] * 30
SLOW = [*USUAL, 60.0]


def test_the_first_answer_counts_and_the_loser_is_cancelled_and_written_down_as_waste():
    async def calls():
        bench = hedged(a=Timed(*SLOW), b=Timed(0.2))
        for _ in USUAL:
            await bench.ask()
        began = bench.clock.now()
        answer = await bench.ask()
        assert str(answer.served.target) == "b/m"
        assert bench.clock.now() - began == pytest.approx(0.305)
        assert bench.models["a"].cancelled == 1
        call = bench.metrics.calls[-1]
        assert {(each.provider_id, each.error) for each in call.attempts} == {("a", "hedge_lost"), ("b", None)}
        assert (call.provider_id, call.error, call.cost.basis) == ("b", None, "unknown")
        assert [load.in_flight for load in (provider.loads.of("m") for provider in bench.providers.values())] == [0, 0]

    run(calls())


def test_a_stream_is_hedged_until_its_first_content():
    async def calls():
        bench = hedged(a=Timed(*SLOW), b=Timed(0.2))
        for _ in USUAL:
            await read(await bench.ask(stream=True))
        stream = await bench.ask(stream=True)
        assert str(stream.served.target) == "b/m"
        assert await read(stream) == "hello"
        call = bench.metrics.calls[-1]
        assert {(each.provider_id, each.error) for each in call.attempts} == {("a", "hedge_lost"), ("b", None)}

    run(calls())


def test_the_first_target_may_still_be_first():
    async def calls():
        bench = hedged(a=Timed(*USUAL, 0.3), b=Timed(5.0))
        for _ in USUAL:
            await bench.ask()
        assert str((await bench.ask()).served.target) == "a/m"
        assert bench.models["b"].cancelled == 1
        assert bench.metrics.calls[-1].provider_id == "a"

    run(calls())


def test_when_the_second_fails_the_first_is_waited_for_and_when_both_fail_the_first_error_is_told():
    async def calls():
        broken = UpstreamError("no", kind="auth")
        bench = hedged(a=Timed(*USUAL, 2.0), b=Timed(0.1, fault=broken))
        for _ in USUAL:
            await bench.ask()
        assert str((await bench.ask()).served.target) == "a/m"
        bench.models["a"].fault = UpstreamError("first", kind="permission")
        bench.models["a"].seconds = [3.0]
        with pytest.raises(UpstreamError, match="first"):
            await bench.ask()

    run(calls())


def test_hedges_stay_within_their_budget():
    async def calls():
        bench = hedged(
            HedgePolicy(budget=0.02), a=Timed(*(1.0 if n % 25 == 24 else 0.1 for n in range(1000))), b=Timed(0.1)
        )
        for _ in range(1000):
            await bench.ask()
        assert 15 <= len(bench.models["b"].attempts) <= 0.02 * 1000 + 2

    run(calls())


def test_nobody_is_hedged_who_does_not_ask_for_it_or_of_whom_little_is_known():
    async def calls():
        for bench, times in ((Bench(clock=virtual_clock(), a=Timed(*SLOW), b=Timed(0.1)), 31), (hedged(
            a=Timed(*[0.1] * 10, 60.0), b=Timed(0.1)), 11)):  # fmt: skip
            for _ in range(times):
                await bench.ask()
            assert bench.models["b"].attempts == []

    run(calls())


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("fields", [{"store": True}, {"tools": (NativeTool("d", "web_search", b"{}"),)}])
def test_a_call_that_may_do_something_is_not_made_twice_unless_that_is_allowed(fields, allowed):
    async def calls():
        bench = hedged(HedgePolicy(budget=1.0, side_effects=allowed), a=Timed(*USUAL, 2.0), b=Timed(0.1))
        view = ChatRequest(model="r", messages=(user("hi"),), **fields)
        for _ in range(31):
            request = Request(operation="chat", model="r", stream=False, view=view)
            await bench.engine.answer(request, request_id="x")
        assert len(bench.models["b"].attempts) == allowed

    run(calls())


def test_a_client_that_leaves_cancels_both():
    async def calls():
        bench = hedged(a=Timed(*SLOW), b=Timed(60.0))
        for _ in USUAL:
            await bench.ask()
        task = asyncio.create_task(bench.ask())
        await asyncio.sleep(5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [model.cancelled for model in bench.models.values()] == [1, 1]
        call = bench.metrics.calls[-1]
        assert (call.error, [each.error for each in call.attempts]) == ("cancelled", ["cancelled"] * 2)

    run(calls())


def test_when_both_begin_to_answer_at_once_the_one_that_was_later_is_the_one_that_is_lost():
    async def calls():
        bench = hedged(a=Timed(*USUAL, 0.1 * 1.05 + 0.2), b=Timed(0.2))
        for _ in USUAL:
            await read(await bench.ask(stream=True))
        stream = await bench.ask(stream=True)
        assert await read(stream) == "hello"
        first, second = bench.metrics.calls[-1].attempts
        assert (first.number, second.number, stream.served.attempts) == (1, 2, 2)
        ended = {each.provider_id: each.error for each in (first, second)}
        assert ended.pop(stream.served.target.provider_id) is None
        assert list(ended.values()) == ["hedge_lost"]

    run(calls())
