"""One key of a pool: where it comes from, its last good value, and its health."""

import math
from collections.abc import Awaitable, Callable

from msgspec import Struct

from lockgate_core.clock import Clock
from lockgate_core.key_health import KeyHealth
from lockgate_ports.errors import LockgateError, SettingsError
from lockgate_ports.secret import Secret

_PATIENCE = 3.0
"""Seconds that a secret store may take."""
_STORE_REST = 5.0
"""Seconds for which a store that failed is left alone, where a last good value or another key can stand in."""
_FRESH = 0.5
_LOOK = 1.0
_CLOCKS_DIFFER = 0.02
"""A wait for `retry-after` may end so much too early, in seconds."""


def _unnoted() -> None:
    """Nobody counts."""


class KeySource(Struct, frozen=True):
    """Where one key comes from. `ref` is safe to print; `fetch` may raise LockgateError, and is None where no key is
    needed. `rotated` is told when the value is another than before, `stood_in` when the last good one is used because
    the store failed."""

    ref: str = ""
    fetch: Callable[[], Awaitable[Secret]] | None = None
    rotated: Callable[[], None] = _unnoted
    stood_in: Callable[[], None] = _unnoted


class HeldKey:
    """Asks its store whenever a value is older than half a second, and there is a call; when the store fails, the last
    good value goes on serving."""

    __slots__ = (
        "_absent_until",
        "_down_until",
        "_looked",
        "fresh_until",
        "health",
        "index",
        "source",
        "stale",
        "used",
        "value",
    )

    def __init__(self, index: int, source: KeySource) -> None:
        self.index = index
        self.source = source
        self.health = KeyHealth()
        self.used = 0
        """When it was last used, counted in uses of the pool."""
        self.stale = 0
        """How often the last good value stood in."""
        self.value: Secret | None = None
        """The last good one; None where no key is needed, or none has come yet."""
        self.fresh_until = 0.0 if source.fetch is not None else math.inf
        """Until then the value need not be asked for again."""
        self._down_until = 0.0
        self._absent_until = 0.0
        self._looked = 0.0

    def well(self, now: float) -> bool:
        """Nothing speaks against it, with any model."""
        health = self.health
        return health.refused_at is None and not health.models and now >= self._absent_until

    async def fetch(self, clock: Clock) -> Secret | None:
        """The value as it is now; another one than before starts in good health. Raises LockgateError."""
        if self.source.fetch is None:
            return None
        now = clock.now()
        if self.value is not None and now < self.fresh_until:
            return self.value
        if self.value is not None and now < self._down_until:
            return self._stale(self.value)
        try:
            with clock.timeout(_PATIENCE):
                secret = await self.source.fetch()
        except (LockgateError, TimeoutError) as error:
            if self.value is not None:
                self._down_until = clock.now() + _STORE_REST
                return self._stale(self.value)
            self._absent_until = clock.now() + _STORE_REST
            if isinstance(error, LockgateError):
                raise
            raise SettingsError(f"{self.source.ref}: the secret store gave no answer in {_PATIENCE:g} s") from None
        if self.value is not None and secret.reveal() != self.value.reveal():
            self.health = KeyHealth()
            self.source.rotated()
        self.value = secret
        self.fresh_until = clock.now() + _FRESH
        return secret

    async def look(self, clock: Clock) -> None:
        """Sees whether a refused key has another value by now; once a second at most."""
        if self.value is not None and clock.now() >= self._looked + _LOOK:
            self._looked = clock.now()
            self.fresh_until = 0.0
            await self.fetch(clock)

    def _stale(self, good: Secret) -> Secret:
        self.stale += 1
        self.source.stood_in()
        return good

    def limited(self, model: str, now: float) -> float:
        """Seconds for which the provider wants no call with it; 0 when it may be used."""
        left = self.health.standing(model).limited_until - now
        return left if left > _CLOCKS_DIFFER else 0.0

    def rank(self, model: str, now: float) -> tuple[bool, bool, int, int]:
        """The smallest is next: its store has it, it does not rest, fewest failures, used longest ago."""
        standing = self.health.standing(model)
        return (
            now < self._absent_until,
            now < standing.resting_until,
            self.health.stumbles(model, now),
            self.used,
        )
