"""A world for the engine: providers that behave by a script, callers that come at random, and time that leaps."""

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "core"))

from fakes import ANSWER, Bench, FakeModel, limits, provider
from virtual_time import run, virtual_clock

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.replies import reply_of

Behaviour = Callable[[float, random.Random], float | UpstreamError]
"""At a moment: how long an answer takes, in seconds, or how a call fails (at once)."""


class Actor(FakeModel):
    """A provider. Notes when it is asked."""

    def __init__(self, behaviour: Behaviour, luck: random.Random) -> None:
        super().__init__(None)
        self._behaviour = behaviour
        self._luck = luck
        self.asked: list[float] = []

    async def chat(self, request: Any, attempt: Any) -> Any:
        now = asyncio.get_running_loop().time()
        self.asked.append(now)
        told = self._behaviour(now, self._luck)
        if isinstance(told, UpstreamError):
            await asyncio.sleep(0.05)
            raise told
        await asyncio.sleep(told)
        return reply_of(ANSWER)


class Outcome:
    """One call: when it came, how long it took, whether it was answered."""

    def __init__(self, at: float, took: float, answered: bool) -> None:
        self.at = at
        self.took = took
        self.answered = answered


async def crowd(
    bench: Bench, rate: float, seconds: float, luck: random.Random, callers: int | None = None
) -> list[Outcome]:
    """Calls come independently, `rate` a second on average, for so many seconds, from nobody in particular or from so
    many `callers`; returns when all are served."""
    outcomes: list[Outcome] = []

    async def call() -> None:
        began = bench.clock.now()
        try:
            await bench.ask(caller=NOBODY if callers is None else Caller(user=f"user-{luck.randrange(callers)}"))
            answered = True
        except LockgateError:
            answered = False
        outcomes.append(Outcome(began, bench.clock.now() - began, answered))

    async with asyncio.TaskGroup() as group:
        while bench.clock.now() < seconds:
            group.create_task(call())
            await asyncio.sleep(luck.expovariate(rate))
    return outcomes


__all__ = [
    "ANSWER",
    "Actor",
    "Behaviour",
    "Bench",
    "FakeModel",
    "Outcome",
    "crowd",
    "limits",
    "provider",
    "run",
    "virtual_clock",
]
