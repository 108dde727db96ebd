"""Credentials that run out, kept and renewed before they do."""

import asyncio
from collections.abc import Awaitable, Callable

from llm_plugin_bedrock.credentials import Credentials
from lockgate_ports.errors import LockgateError

EARLY = 300.0
"""Seconds before the end at which new ones are fetched."""
LAST_MOMENT = 30.0
"""Seconds before the end at which the old ones are used no more."""
PAUSE = 15.0
"""Seconds between two tries to renew while the old ones still serve."""


class CachedCredentials:
    """`fetch` is asked by one caller at a time; the others go on with the old ones while these serve."""

    def __init__(self, fetch: Callable[[], Awaitable[Credentials]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._held: Credentials | None = None
        self._next_try = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> Credentials:
        """Credentials that serve for a while. Raises what `fetch` raises when there are none."""
        held = self._held
        if held is not None and self._left(held) > EARLY:
            return held
        if held is not None and self._serves(held) and (self._lock.locked() or self._clock() < self._next_try):
            return held
        async with self._lock:
            held = self._held
            if held is not None and self._left(held) > EARLY:
                return held  # somebody else has just been
            try:
                self._held = await self._fetch()
            except LockgateError:
                if held is None or not self._serves(held):
                    raise
                self._next_try = self._clock() + PAUSE
                return held
            self._next_try = self._clock() + PAUSE  # a source may hand out keys that are themselves about to end
            return self._held

    def _left(self, held: Credentials) -> float:
        return float("inf") if held.expires_at is None else held.expires_at - self._clock()

    def _serves(self, held: Credentials) -> bool:
        return self._left(held) > LAST_MOMENT
