"""LimitsPort in memory: exact for one process. Pure; `wall` is handed in."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lockgate_ports.limits import Claim, Grant, Limit, Standing

_SWEEP_EVERY = 4096

Of = tuple[object, ...]


class _Counter:
    """What was taken in one window. `end` is None while none has begun, and for what has no window."""

    __slots__ = ("end", "number", "used")

    def __init__(self) -> None:
        self.used = 0
        self.end: float | None = None
        self.number = 0


class MemoryLimits:
    """Counts for this process alone. `wall` tells seconds since 1970."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._counters: dict[Of, _Counter] = {}
        self._claims = 0

    async def claim(self, claims: Sequence[Claim]) -> Grant:
        """Take all, or none."""
        return self.take(claims)

    def take(self, claims: Sequence[Claim]) -> Grant:
        """The same, at once."""
        now = self._wall()
        self._claims += 1
        if self._claims % _SWEEP_EVERY == 0:
            self._sweep(now)
        counters: list[_Counter] = []
        exceeded: list[Limit] = []
        for claim in claims:
            limit = claim.limit
            counter = self._counter(limit, now)
            if counter.used + claim.amount > limit.amount:
                if not limit.shadow:
                    refused = _standing(limit, counter, now)
                    return Grant((), (refused,), refused, tuple(exceeded))
                exceeded.append(limit)
            counters.append(counter)
        for claim, counter in zip(claims, counters, strict=True):
            if counter.end is None and claim.limit.window is not None:
                counter.end = window_end(claim.limit.window, now)
            counter.used += claim.amount
        standings = [_standing(claim.limit, counter, now) for claim, counter in zip(claims, counters, strict=True)]
        numbers = tuple(str(counter.number) for counter in counters)
        return Grant(tuple(claims), tuple(standings), None, tuple(exceeded), numbers)

    def settle(self, grant: Grant, used: Sequence[int]) -> None:
        """What a window that is over has counted stays as it was."""
        now = self._wall()
        for claim, number, really in zip(grant.claims, grant.window_ids, used, strict=True):
            counter = self._counters.get(_of(claim.limit))
            if counter is not None and str(counter.number) == number and (counter.end is None or now < counter.end):
                counter.used = max(0, counter.used + really - claim.amount)

    async def aclose(self) -> None:
        """Forgets what was counted."""
        self._counters.clear()

    def _counter(self, limit: Limit, now: float) -> _Counter:
        of = _of(limit)
        counter = self._counters.get(of)
        if counter is None:
            counter = self._counters[of] = _Counter()
        elif counter.end is not None and now >= counter.end:
            counter.used, counter.end = 0, None
            counter.number += 1
        return counter

    def _sweep(self, now: float) -> None:
        """Drops what says nothing any more, so that callers who are gone take no memory."""
        for of, counter in list(self._counters.items()):
            if counter.end is not None and now >= counter.end:
                del self._counters[of]


def window_end(window: int | str, now: float) -> float:
    """When a window ends that begins now: so many seconds on, or with the calendar day or month in UTC."""
    if isinstance(window, int):
        return now + window
    day = datetime.fromtimestamp(now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if window == "day":
        return (day + timedelta(days=1)).timestamp()
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1).timestamp()


def _of(limit: Limit) -> Of:
    """What a limit counts; `amount` may change while it does."""
    return (limit.scope, limit.unit, limit.window, limit.shadow)


def _standing(limit: Limit, counter: _Counter, now: float) -> Standing:
    resets_in = None if counter.end is None else counter.end - now
    return Standing(limit, max(0, limit.amount - counter.used), resets_in)
