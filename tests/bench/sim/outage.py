"""An outage of a minute, with and without what bounds retries."""

import random

from sim_world import Actor, Bench, Outcome, crowd, provider, run, virtual_clock

from lockgate_core.breaker import BreakerPolicy
from lockgate_core.budget import BudgetPolicy
from lockgate_ports.errors import UpstreamError

SECONDS, RATE = 120.0, 40.0
DOWN = (30.0, 90.0)

NO_BREAKER = BreakerPolicy(failures=10**9, min_calls=10**9)
NO_BUDGET = BudgetPolicy(share=10.0, reserve=1e9)
WAYS = {
    "retries without bound": (NO_BREAKER, NO_BUDGET),
    "retry budget": (NO_BREAKER, BudgetPolicy()),
    "retry budget and breaker (default)": (BreakerPolicy(), BudgetPolicy()),
}


def behaviour(now: float, luck: random.Random) -> float | UpstreamError:
    if DOWN[0] <= now < DOWN[1]:
        return UpstreamError("down", kind="overloaded", upstream_status=503)
    return luck.lognormvariate(-1.0, 0.4)


def simulate(way: str, seconds: float = SECONDS) -> tuple[list[float], list[Outcome]]:
    """When the provider was asked, and what became of the calls."""

    async def play() -> tuple[list[float], list[Outcome]]:
        luck = random.Random(1)
        actor = Actor(behaviour, luck)
        breaker, budget = WAYS[way]
        bench = Bench(clock=virtual_clock(), providers={"up": provider("up", actor, breaker=breaker, budget=budget)})
        return actor.asked, await crowd(bench, RATE, seconds, luck)

    return run(play())
