"""A provider that gets slow: how many calls at a time are right changes, and nobody says so."""

import asyncio
import random
from typing import Any

from sim_world import ANSWER, Bench, FakeModel, Outcome, crowd, limits, provider, run, virtual_clock

from lockgate_core.breaker import BreakerPolicy
from lockgate_core.slots import AdaptivePolicy, SlotsPolicy
from lockgate_ports.replies import reply_of

SECONDS, RATE = 240.0, 30.0
SLOW = (60.0, 150.0)
FAST_AT, SLOW_AT = 40, 8
"""So many calls at a time it does without slowing down: before and after, and while it is slow."""
TIME = 0.8
PATIENCE = 15.0
"""Seconds that clients wait."""

WAYS: dict[str, SlotsPolicy | None] = {
    "any number": None,
    "fixed: 40": SlotsPolicy(FAST_AT, queue=15, patience=1.0),
    "adaptive": SlotsPolicy(AdaptivePolicy(), queue=15, patience=1.0),
}


class Server(FakeModel):
    """Shares what it can do among the calls that run there; those beyond it make all of them slower."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__(None)
        self._luck = luck
        self.running = 0
        self.seen: list[tuple[float, int]] = []

    async def chat(self, request: Any, attempt: Any) -> Any:
        self.running += 1
        try:
            left = TIME * self._luck.lognormvariate(0.0, 0.2)
            while left > 0:
                now = asyncio.get_running_loop().time()
                self.seen.append((now, self.running))
                able = SLOW_AT if SLOW[0] <= now < SLOW[1] else FAST_AT
                left -= 0.1 * min(1.0, able / self.running)
                await asyncio.sleep(0.1)
        finally:
            self.running -= 1
        return reply_of(ANSWER)


def simulate(way: str, seconds: float = SECONDS) -> tuple[list[tuple[float, int]], list[Outcome]]:
    """How many calls ran there, and what became of all calls."""

    async def play() -> tuple[list[tuple[float, int]], list[Outcome]]:
        luck = random.Random(3)
        server = Server(luck)
        never = BreakerPolicy(failures=10**9, min_calls=10**9)
        up = provider("up", server, limits(attempt=PATIENCE, total=PATIENCE), breaker=never, each=WAYS[way])
        return server.seen, await crowd(Bench(clock=virtual_clock(), providers={"up": up}), RATE, seconds, luck)

    return run(play())
