"""Who has a place, and who waits for one, in which order. Pure."""

from bisect import bisect_left, insort
from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

_UNKNOWN = 1.0
"""Seconds that somebody is told to stay away when no call has ended yet."""
_SHORTEST = 0.1
_NEWEST = 0.1
"""The weight of the last call in how long calls hold their place."""

_key = attrgetter("key")


class Limit(Protocol):
    """How many may have a place at a time; it may change between calls, and is 1 at least."""

    @property
    def limit(self) -> int:
        """So many."""
        ...


class Full(Exception):
    """Nobody else may wait."""


class Waiting:
    """One who waits. `tell` is called once: with True when it has a place, with False when somebody who goes before it
    took its turn in a full line."""

    __slots__ = ("key", "tell")

    def __init__(self, key: tuple[float, int], tell: Callable[[bool], None]) -> None:
        self.key = key
        self.tell = tell


class Places:
    """At most `limit` at a time; `queue` more wait. Each step of priority counts like `aging` seconds of waiting, so
    that a call waits at most so much longer for those of a higher priority than for those of its own."""

    __slots__ = ("_aging", "_arrivals", "_held", "_limit", "_line", "_queue", "refused", "running")

    def __init__(self, limit: Limit, queue: int, aging: float) -> None:
        self._limit = limit
        self._queue = queue
        self._aging = aging
        self._line: list[Waiting] = []
        self._arrivals = 0
        self._held: float | None = None
        """How long calls held their place lately, in seconds."""
        self.running = 0
        self.refused = 0
        """How many were told to come back later."""

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    @property
    def limit(self) -> int:
        """How many may have a place."""
        return self._limit.limit

    @property
    def free(self) -> bool:
        """A place can be had at once. Then nobody waits."""
        return self.running < self._limit.limit

    @property
    def wait(self) -> float:
        """Seconds until whoever comes last may expect a place, by how long calls took lately."""
        if self._held is None:
            return _UNKNOWN
        return max(_SHORTEST, self._held * (len(self._line) + 1) / self._limit.limit)

    def enter(self) -> bool:
        """Takes a place, where one can be had at once."""
        if self._line or self.running >= self._limit.limit:
            return False
        self.running += 1
        return True

    def join(self, rank: int, now: float, tell: Callable[[bool], None]) -> Waiting:
        """Waits in line; a higher `rank` goes before. Raises Full; but whoever would stand before the last one of a
        full line takes its turn."""
        self._arrivals += 1
        waiting = Waiting((now - rank * self._aging, self._arrivals), tell)
        if len(self._line) >= self._queue:
            if not self._line or self._line[-1].key < waiting.key:
                self.refused += 1
                raise Full
            self.refused += 1
            self._line.pop().tell(False)
        insort(self._line, waiting, key=_key)
        return waiting

    def leave(self, waiting: Waiting) -> bool:
        """Waits no more. False when it had its answer already."""
        place = bisect_left(self._line, waiting.key, key=_key)
        if place == len(self._line) or self._line[place] is not waiting:
            return False
        del self._line[place]
        return True

    def give_back(self, held: float | None) -> None:
        """A call is over that held its place for so many seconds; None: it made nothing of it."""
        self.running -= 1
        if held is not None:
            self._held = held if self._held is None else self._held + _NEWEST * (held - self._held)
        if self._line:
            self.admit()

    def admit(self) -> None:
        """Lets in whoever there is a place for; to be called when the limit may have risen."""
        while self._line and self.running < self._limit.limit:
            self.running += 1
            self._line.pop(0).tell(True)
