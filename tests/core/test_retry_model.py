"""Whatever fails and whenever: retries stay in their budget, and no target is asked more often than it may be."""

import asyncio
from contextlib import suppress

from fakes import ANSWER, Bench, FakeModel, provider
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate_core.breaker import BreakerPolicy
from lockgate_core.budget import BudgetPolicy
from lockgate_core.retry import RetryPolicy
from lockgate_ports.errors import UpstreamError

BUDGET = BudgetPolicy(share=0.2, reserve=3, per_second=0.5)
TRIES = 4
KINDS = ("transient", "overloaded", "timeout", "rate_limit", "auth", "invalid_request", "not_found")
faults = st.sampled_from((None, *KINDS))
calls = st.lists(st.tuples(st.floats(0, 3), st.lists(faults, min_size=1, max_size=6)), min_size=1, max_size=40)


class Scripted(FakeModel):
    """Fails as it is told, try by try; then it answers."""

    def __init__(self) -> None:
        super().__init__(None)
        self.script: list[str | None] = []

    def _act(self, attempt):
        self.attempts.append(attempt)
        kind = self.script.pop(0) if self.script else None
        if kind is None:
            return ANSWER
        raise UpstreamError(kind, kind=kind, upstream_status=500)


@given(calls)
@settings(max_examples=120, deadline=None)
def test_retries_stay_in_budget_under_any_schedule_of_faults(schedule):
    asyncio.run(play(schedule))


async def play(schedule):
    up = Scripted()
    never = BreakerPolicy(failures=10**9, min_calls=10**9)
    bench = Bench(RetryPolicy(max_attempts=TRIES), providers={"up": provider("up", up, breaker=never, budget=BUDGET)})
    began = bench.clock.now()
    for count, (pause, script) in enumerate(schedule, 1):
        bench.clock.pass_time(pause)
        up.script, before = list(script), len(up.attempts)
        with suppress(UpstreamError):
            await bench.ask()
        assert len(up.attempts) - before <= TRIES
        retries = len(up.attempts) - sum(1 for call in bench.metrics.calls if call.attempts)
        passed = bench.clock.now() - began
        assert retries <= BUDGET.reserve + BUDGET.share * count + BUDGET.per_second * passed + 1e-6
    assert len(bench.metrics.calls) == len(schedule)
