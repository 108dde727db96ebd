"""How much is left under the limits of targets, by what was last seen of them: for the strategy `usage`. Pure."""

import math
from collections.abc import Iterable, Sequence

from lockgate_ports.limits import Grant, Limit, Standing

_MOST = 10_000


class Rooms:
    """Remembers how limits stood when the store was last asked, and what was given back since. A store that others
    share may know more; the next call of the target learns it."""

    def __init__(self) -> None:
        self._left: dict[Limit, tuple[int, float]] = {}
        """What remained, and until when that holds."""

    def saw(self, standings: Iterable[Standing], now: float) -> None:
        """The store says so."""
        for standing in standings:
            if len(self._left) >= _MOST:
                del self._left[next(iter(self._left))]
            until = math.inf if standing.resets_in is None else now + standing.resets_in
            self._left[standing.limit] = standing.remaining, until

    def settled(self, grant: Grant, used: Sequence[int]) -> None:
        """A call is over that took `used` of what it had claimed."""
        for claim, really in zip(grant.claims, used, strict=True):
            if (known := self._left.get(claim.limit)) is not None:
                left, until = known
                self._left[claim.limit] = min(claim.limit.amount, max(0, left + claim.amount - really)), until

    def of(self, limits: Iterable[Limit], now: float) -> float:
        """The least that is left under these, from 0 to 1; all of it where nothing is known or the time is over."""
        return min((self._share(limit, now) for limit in limits if not limit.shadow), default=1.0)

    def _share(self, limit: Limit, now: float) -> float:
        left, until = self._left.get(limit, (limit.amount, math.inf))
        return 1.0 if now >= until or not limit.amount else left / limit.amount
