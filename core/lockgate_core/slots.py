"""How many calls a provider gets at a time, and how many may wait for their turn."""

import asyncio

from msgspec import Struct

from lockgate_core.clock import Clock
from lockgate_ports.errors import Busy

_COME_BACK = 1.0


class SlotsPolicy(Struct, frozen=True):
    """At most `parallel` calls at once; `queue` more wait, first come first served, each `patience` seconds at most."""

    parallel: int
    queue: int = 0
    patience: float = 30.0


class Slots:
    """The places of one provider."""

    def __init__(self, provider_id: str, policy: SlotsPolicy) -> None:
        self._provider_id = provider_id
        self._policy = policy
        self._free = asyncio.Semaphore(policy.parallel)
        self._waiting = 0

    async def take(self, seconds: float, clock: Clock) -> None:
        """Waits for a place, for `seconds` at most; whoever has one must `give_back` it. Raises Busy."""
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= self._policy.queue:
            waiting = f"max_queued ({self._policy.queue}) calls wait already"
            raise self._busy(waiting if self._policy.queue else "none may wait (max_queued)")
        seconds = min(seconds, self._policy.patience)
        self._waiting += 1
        try:
            with clock.timeout(seconds):
                await self._free.acquire()
        except TimeoutError:
            raise self._busy(f"no place was free within {seconds:.3g} s") from None
        finally:
            self._waiting -= 1

    @property
    def free(self) -> bool:
        """A place can be had at once, and nobody waits for one."""
        return not self._free.locked()

    def give_back(self) -> None:
        """The call is over."""
        self._free.release()

    def _busy(self, why: str) -> Busy:
        message = f"{self._provider_id}: max_parallel ({self._policy.parallel}) is reached, and {why}; come back later"
        return Busy(message, retry_after=_COME_BACK)
