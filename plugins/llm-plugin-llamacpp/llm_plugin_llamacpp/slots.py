"""Who may use the engine now, and who waits."""

import asyncio

from lockgate_ports.errors import Busy

_COME_BACK = 1.0


class Slots:
    """`slots` calls at once, `queue` more in line, first come first served."""

    def __init__(self, slots: int, queue: int) -> None:
        self._slots = slots
        self._queue = queue
        self._free = asyncio.Semaphore(slots)
        self._waiting = 0

    async def take(self) -> None:
        """Returns when a slot is the caller's; a cancelled wait leaves the line. Raises Busy when the line is full."""
        if self._free.locked() and self._waiting >= self._queue:
            raise Busy(
                f"all {self._slots} slots answer and {self._waiting} calls wait, which is as many as may; come back "
                "later, or raise slots or queue in the provider's settings",
                retry_after=_COME_BACK,
            )
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1

    def give_back(self) -> None:
        """The slot is free again."""
        self._free.release()
