"""A canary that does well, and then badly, with and without the bounds of a rollout."""

import random

from sim_world import Actor, Bench, Outcome, crowd, run, virtual_clock

from lockgate_core.rollout import Rollout, RolloutPolicy
from lockgate_ports.ledger import AuditEvent

SECONDS, RATE, CALLERS = 360.0, 40.0, 5000
BAD = 200.0
"""From then on its answers take five times as long."""
SLOW = 1.5
"""What a caller calls slow, in seconds."""

STEPS = (1.0, 5.0, 25.0, 100.0)
WAYS = {
    "without bounds": RolloutPolicy(STEPS, hold=60.0, max_error_rate=1.0, max_latency=1e9, max_empty_rate=1.0),
    "with bounds (default)": RolloutPolicy(STEPS, hold=60.0),
}


def old(_: float, luck: random.Random) -> float:
    return luck.lognormvariate(-1.0, 0.4)


def new(now: float, luck: random.Random) -> float:
    return old(now, luck) * (5.0 if now >= BAD else 0.9)


def simulate(way: str, seconds: float = SECONDS) -> tuple[list[tuple[float, float]], list[Outcome]]:
    """When which share of callers went to the canary (0 to 1), each time that it changed; and what became of the
    calls."""

    async def play() -> tuple[list[tuple[float, float]], list[Outcome]]:
        luck = random.Random(3)
        clock = virtual_clock()
        shares: list[tuple[float, float]] = []

        def moved(_: AuditEvent) -> None:
            shares.append((clock.now(), rollout.share))

        rollout = Rollout("r", WAYS[way], clock.now(), moved)
        shares.append((clock.now(), rollout.share))
        bench = Bench(clock=clock, canary="new", rollout=rollout, new=Actor(new, luck), old=Actor(old, luck))
        return shares, await crowd(bench, RATE, seconds, luck, CALLERS)

    return run(play())
