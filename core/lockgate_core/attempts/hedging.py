"""Hedging: when a target takes longer than nearly always, a second one is asked too, and the first answer counts."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from lockgate_core.attempts.tries import Tries
from lockgate_core.attempts.writing_down import note_lost
from lockgate_core.budget import BudgetPolicy, RetryBudget
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.terms import HedgePolicy
from lockgate_ports.chat import ChatRequest, NativeTool
from lockgate_ports.context import Target
from lockgate_ports.errors import LockgateError
from lockgate_ports.journal import Journal
from lockgate_ports.steps import Answer
from lockgate_ports.wire import Request

_QUANTILE = 0.95
_MARGIN = 1.05
"""So that of answers that all take the same time none is slow."""
_KEPT, _ENOUGH = 200, 20
"""How many recent answers of a target are kept, and how many it takes to say what is slow."""
_SAVED_UP = 2.0
_PATIENCE = 0.05
"""Seconds that are waited for the end of whoever lost."""

Found = Answer | LiveStream


class Hedger:
    """For one route: what is slow, by what was seen, and how many more calls that may cost."""

    def __init__(self, policy: HedgePolicy) -> None:
        self._policy = policy
        self._budget = RetryBudget(BudgetPolicy(policy.budget, _SAVED_UP, 0.0))
        self._seen: dict[tuple[Target, bool], deque[float]] = {}

    def called(self, now: float) -> None:
        """A call of the route sets out."""
        self._budget.called(now)

    def slow(self, target: Target, stream: bool) -> float | None:
        """Seconds within which nearly every answer of the target came, for a stream its beginning; None when too few
        were seen."""
        seen = self._seen.get((target, stream))
        if seen is None or len(seen) < _ENOUGH:
            return None
        return sorted(seen)[int(len(seen) * _QUANTILE)] * _MARGIN

    def saw(self, target: Target, stream: bool, took: float) -> None:
        """The target took so long, or longer."""
        self._seen.setdefault((target, stream), deque(maxlen=_KEPT)).append(took)

    def may(self, request: Request[Any], now: float) -> bool:
        """May a second target be asked? Takes it out of the budget."""
        if not self._policy.side_effects and has_side_effects(request):
            return False
        return self._budget.spend(now)


def has_side_effects(request: Request[Any]) -> bool:
    """Does a call do more than answer: run a provider's own tools, or leave something there? So does, for all that is
    known, one that only its provider can read."""
    if request.operation != "chat":
        return False
    try:
        view: ChatRequest = request.view
    except LockgateError:
        return True
    return bool(view.store) or any(isinstance(tool, NativeTool) for tool in view.tools)


async def race(
    first: Tries,
    slow: float,
    second: Callable[[], Tries | None],
    journal: Journal,
    clock: Clock,
    ask: Callable[[Tries], Awaitable[Found]],
) -> Found:
    """The first answer of two; `second` says who else is asked when the first one has not answered within `slow`
    seconds, None for nobody. Raises what the first one raises, when nobody answers."""
    one = asyncio.ensure_future(ask(first))
    running = {one: first}
    winner: asyncio.Task[Found] = one
    try:
        with suppress(TimeoutError), clock.timeout(slow):
            await asyncio.wait((one,))
        if not one.done() and (other := second()) is not None:
            two = asyncio.ensure_future(ask(other))
            running[two] = other
            winner = await _first_answer(one, two)
        return await winner
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        raise
    finally:
        for task, tries in running.items():
            if task is not winner:
                await _lose(task, tries, journal, clock)


async def _first_answer(one: asyncio.Task[Found], two: asyncio.Task[Found]) -> asyncio.Task[Found]:
    """Whichever answers first; the first one when both fail."""
    await asyncio.wait((one, two), return_when=asyncio.FIRST_COMPLETED)
    for task, other in ((one, two), (two, one)):
        if task.done() and task.exception() is None:
            return task
        if task.done():
            await asyncio.wait((other,))
            return other if other.exception() is None else one
    raise AssertionError("one of two is done")


async def _lose(task: asyncio.Task[Found], tries: Tries, journal: Journal, clock: Clock) -> None:
    """Cancels it at once, and writes it down."""
    if task.done():
        if not task.cancelled() and task.exception() is None:
            answer = task.result()
            note_lost(journal, tries.number)
            if isinstance(answer, LiveStream):
                await answer.drop()
        return
    tries.lose()
    task.cancel()
    with suppress(TimeoutError), clock.timeout(_PATIENCE):
        await asyncio.wait((task,))
