"""LimitsPort of a worker: the supervisor counts in memory, for all of them."""

import asyncio
from collections.abc import Sequence

import msgspec

from lockgate.cli.workers.channel import Channel, Gone
from lockgate.cli.workers.messages import Count, Settle
from lockgate_ports.errors import LimitsFailed
from lockgate_ports.limits import Claim, Grant

_GRANT = msgspec.msgpack.Decoder(Grant).decode


class SharedLimits:
    """One question to the supervisor for each call that a limit concerns."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def claim(self, claims: Sequence[Claim]) -> Grant:
        """Take all, or none. Raises LimitsFailed when the supervisor is away."""
        asking = self._channel.begin(Count(tuple(claims)))
        try:
            return _GRANT(await asyncio.shield(asking))
        except asyncio.CancelledError:
            # It may be granted all the same: what it took must be given back.
            asking.add_done_callback(self._give_back)
            raise
        except Gone:
            raise LimitsFailed("the limits cannot be counted just now; come back later") from None

    def settle(self, grant: Grant, used: Sequence[int]) -> None:
        """Behind the call."""
        if grant.claims:
            self._channel.tell(Settle(grant.window_ids[0], tuple(used)))

    async def aclose(self) -> None:
        """The supervisor goes on counting."""

    def _give_back(self, asking: asyncio.Future[bytes]) -> None:
        if asking.exception() is None:
            grant = _GRANT(asking.result())
            self.settle(grant, [0] * len(grant.claims))
