"""The limits that the supervisor counts for its workers, and gives back what one held that died."""

import time
from itertools import count

from msgspec import structs

from lockgate.cli.workers.messages import Count, Settle
from lockgate_ports.limits import Grant
from lockgate_ports.memory_limits import MemoryLimits


class HeldLimits:
    """`holder` is the number of a worker."""

    def __init__(self) -> None:
        self._limits = MemoryLimits(time.time)
        self._numbers = count(1)
        self._held: dict[int, dict[str, Grant]] = {}

    def claim(self, holder: int, asked: Count) -> Grant:
        """What became of the claims; its one window id is a number of its own."""
        grant = self._limits.take(asked.claims)
        if not grant.claims:
            return grant
        number = str(next(self._numbers))
        self._held.setdefault(holder, {})[number] = grant
        return structs.replace(grant, window_ids=(number,))

    def settle(self, holder: int, told: Settle) -> None:
        """A call is over."""
        grant = self._held.get(holder, {}).pop(told.number, None)
        if grant is not None:
            self._limits.settle(grant, told.used)

    def bury(self, holder: int) -> None:
        """The worker is gone, and its calls with it. What they used nobody knows: the estimates stand, as for any call
        whose end was not seen."""
        for grant in self._held.pop(holder, {}).values():
            self._limits.settle(grant, [0 if each.limit.unit == "in_flight" else each.amount for each in grant.claims])
