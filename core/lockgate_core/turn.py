"""What one try holds while it lasts: a place, a key, a pass of the breaker; and where its outcome is told."""

from collections.abc import Callable, Collection
from typing import Self

from msgspec import Struct

from lockgate_core.breaker import Breaker
from lockgate_core.clock import Clock
from lockgate_core.keys import Lease
from lockgate_core.loads import Load
from lockgate_core.provider import Provider
from lockgate_core.slots import Slots
from lockgate_ports.context import Target
from lockgate_ports.errors import LockgateError, UpstreamError

_TARGETS_FAULT = frozenset({"transient", "overloaded", "timeout"})
_NO_ROOM = frozenset({"rate_limit", "overloaded", "timeout"})


class Turn(Struct, eq=False):
    """One try at one target. `end` it once; what is told afterwards counts for nothing."""

    provider: Provider
    target: Target
    lease: Lease
    _breaker: Breaker
    _era: int
    _load: Load
    _slots: tuple[Slots, ...]
    _clock: Clock
    _luck: Callable[[], float]
    _timed: bool = False
    """It is known how quick the target was."""
    _over: bool = False
    number: int = 1
    """Which attempt of its call it is, from 1 up."""
    skipped: int = 0
    """Events that made no sense, of a stream that failed before it answered."""
    kind: str = "chat"
    """Calls of one kind take about as long."""
    cut_short: bool = False
    """The caller has less time than the provider may take: running out of it is nobody's fault."""
    allowed: float = 0.0
    """Seconds that the provider gets."""

    @classmethod
    async def take(
        cls,
        provider: Provider,
        target: Target,
        tried: Collection[int],
        left: float,
        clock: Clock,
        luck: Callable[[], float],
        *,
        anyway: bool = False,
        bond: str | None = None,
        rank: int = 1,
    ) -> Self:
        """Waits for a place, then for a key; `left` is how long the caller still waits, in seconds. `anyway`: whatever
        the breaker says. `bond`: what ties the call to a key. `rank`: who goes first where calls wait.

        Raises Shut when the breaker is open, Busy, or UpstreamError when no key may be used.
        """
        model, keys = target.model, provider.keys
        breaker = provider.breakers.of(model)
        now = clock.now()
        if breaker.until is not None and not anyway and (wait := breaker.wait(now)) > 0:
            raise _shut(target, wait)
        load = provider.loads.of(model)
        load.in_flight += 1  # whoever waits for a place keeps the target busy as well
        slots: tuple[Slots, ...] = ()
        try:
            if provider.slots is not None:
                at_hand = provider.slots.at_hand(model)
                if at_hand is None:
                    at_hand = await provider.slots.take(model, rank, left, clock)
                    now = clock.now()
                slots = at_hand
            try:
                lease = keys.at_hand(model, now) if bond is None and not tried else None
                if lease is None:
                    lease = await keys.lease(model, tried, clock, bond)
                    now = clock.now()
                era = breaker.admit(now, anyway=anyway)
                if era is None:
                    keys.left(lease, now)
                    raise _shut(target, breaker.wait(now))
            except BaseException:
                for each in slots:
                    each.give_back(None)
                raise
        except BaseException:
            load.in_flight -= 1
            raise
        return cls(provider, target, lease, breaker, era, load, slots, clock, luck)

    def allow(self, seconds: float, left: float) -> float:
        """How long the provider may take, where the caller has so much time `left`."""
        if left < seconds:
            seconds = left
            self.cut_short = True
        self.allowed = seconds
        return seconds

    def proven(self) -> None:
        """The first content of a stream is here."""
        self._breaker.proven(self._era)
        self.provider.keys.succeeded(self.lease)
        if not self._timed:
            self._timed = True
            self._answered(self._clock.now())

    def end(self, error: object = None) -> None:
        """Answered (None), failed with an UpstreamError, or ended by anything else."""
        if self._over:
            return
        self._over = True
        provider, now = self.provider, self._clock.now()
        self._load.in_flight -= 1
        breaker = self._breaker
        if error is None:
            breaker.answered(self._era, now)
            provider.keys.succeeded(self.lease)
            if not self._timed:
                self._answered(now)
        elif not isinstance(error, UpstreamError) or (self.cut_short and _silent(error)):
            breaker.left(self._era)
            provider.keys.left(self.lease, now)
        else:
            if error.kind in _TARGETS_FAULT and error.again:
                breaker.failed(self._era, now, self._luck())
                if not self._timed:
                    self._load.failed(now - self.lease.began, now)
            else:
                breaker.proven(self._era)
            provider.keys.failed(self.lease, error, now)
            if error.kind in _NO_ROOM:
                for each in self._slots:
                    each.pushed_back(now - self.lease.began, now)
        for each in self._slots:
            each.give_back(now - self.lease.began)

    def _answered(self, now: float) -> None:
        took = now - self.lease.began
        self._load.answered(took, now)
        for each in self._slots:
            each.answered(took, now, self.kind)


class Shut(Exception):
    """The target's breaker is open, no place is free, or a limit of it is reached: it was not asked."""

    def __init__(self, error: LockgateError) -> None:
        super().__init__(error.message)
        self.error = error


def _silent(error: UpstreamError) -> bool:
    return error.kind == "timeout" and error.upstream_status is None


def _shut(target: Target, wait: float) -> Shut:
    message = f"{target}: failed too often just now and is not asked for another {max(wait, 0.1):.1f} s"
    return Shut(
        UpstreamError(
            message, kind="overloaded", provider_id=target.provider_id, retry_after=max(wait, 0.1), sent=False
        )
    )
