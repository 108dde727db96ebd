"""Which of several workers a gateway is, and what they decide and count together."""

from collections.abc import Callable

from msgspec import Struct

from lockgate_core.rollout import Move
from lockgate_ports.limits import LimitsPort


class Seat(Struct, frozen=True):
    """Worker `number`, from 0, `of` so many."""

    number: int = 0
    of: int = 1
    limits: LimitsPort | None = None
    """What counts for all of them, in place of the kind `memory`; None: there is one process."""
    decide: Callable[[Move], None] | None = None
    """Proposes the next step of a rollout to all of them; None: there is one process."""

    def share(self, total: int) -> int:
        """This one's part of what all have together."""
        return total // self.of + (self.number < total % self.of)


ALONE = Seat()
"""The one process there is."""
