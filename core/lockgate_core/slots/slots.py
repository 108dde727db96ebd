"""Places that calls wait for."""

import asyncio

from msgspec import Struct

from lockgate_core.clock import Clock
from lockgate_core.slots.gradient import AdaptivePolicy, Gradient
from lockgate_core.slots.places import Full, Places
from lockgate_ports.errors import Busy


class SlotsPolicy(Struct, frozen=True):
    """At most `parallel` calls at once, or as many as turns out to be right; `queue` more wait, each `patience` seconds
    at most. Each step of priority counts like `aging` seconds of waiting."""

    parallel: int | AdaptivePolicy
    queue: int = 0
    patience: float = 30.0
    aging: float = 10.0


class SlotsNow(Struct, frozen=True):
    """How it stands with the places of a provider or of one model (`of`)."""

    of: str
    limit: int
    adaptive: bool
    running: int
    waiting: int
    max_queued: int


class Fixed(Struct, frozen=True):
    """A limit that stays."""

    limit: int


class Slots:
    """The places of a provider, or of one model of it. `setting` is what the limit is called in the settings."""

    __slots__ = ("_gradient", "_of", "_places", "_policy", "_setting", "enter", "give_back")

    def __init__(self, of: str, policy: SlotsPolicy, setting: str = "max_parallel") -> None:
        self._of = of
        self._policy = policy
        self._setting = setting
        self._gradient: Gradient | None = None
        if isinstance(policy.parallel, AdaptivePolicy):
            self._gradient = Gradient(policy.parallel)
            self._places = Places(self._gradient, policy.queue, policy.aging)
        else:
            self._places = Places(Fixed(policy.parallel), policy.queue, policy.aging)
        self.enter = self._places.enter
        self.give_back = self._places.give_back

    async def take(self, rank: int, seconds: float, clock: Clock) -> None:
        """Waits for a place, for `seconds` at most, whoever has a higher `rank` before the others; whoever has one must
        `give_back` it. Raises Busy."""
        places = self._places
        if places.enter():
            return
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            waiting = places.join(rank, clock.now(), told.set_result)
        except Full:
            already = f"max_queued ({self._policy.queue}) calls wait already"
            raise self._busy(already if self._policy.queue else "none may wait (max_queued)") from None
        seconds = min(seconds, self._policy.patience)
        try:
            with clock.timeout(seconds):
                # Shielded: whoever is told that it has a place has it, also when nobody waits for it any more.
                has = await asyncio.shield(told)
        except TimeoutError:
            if places.leave(waiting):
                places.refused += 1
                raise self._busy(f"no place was free within {seconds:.3g} s") from None
            has = told.result()
        except BaseException:
            if not places.leave(waiting) and told.result():
                places.give_back(None)
            raise
        if not has:
            raise self._busy("calls of a higher priority took its turn")

    def answered(self, took: float, now: float, kind: str) -> None:
        """A call was answered after `took` seconds, or its stream began; it still has its place. Calls of one `kind`
        take about as long."""
        if self._gradient is not None:
            self._gradient.answered(took, self._places.running, now, kind)
            self._places.admit()

    def pushed_back(self, took: float, now: float) -> None:
        """The provider had no room for a call, or did not answer it in time."""
        if self._gradient is not None:
            self._gradient.pushed_back(took, now)

    @property
    def free(self) -> bool:
        """A place can be had at once."""
        return self._places.free

    @property
    def idle(self) -> bool:
        """Nobody has a place."""
        return not self._places.running

    @property
    def room(self) -> float:
        """How much of it is free, from 0 to 1."""
        places = self._places
        return max(0.0, 1.0 - (places.running + places.waiting) / places.limit)

    @property
    def refused(self) -> int:
        """How many calls were told to come back later."""
        return self._places.refused

    @property
    def now(self) -> SlotsNow:
        """How it stands."""
        places = self._places
        adaptive = self._gradient is not None
        return SlotsNow(self._of, places.limit, adaptive, places.running, places.waiting, self._policy.queue)

    def _busy(self, why: str) -> Busy:
        places = self._places
        message = f"{self._of}: {self._setting} ({places.limit}) is reached, and {why}; come back later"
        return Busy(message, retry_after=places.wait)
