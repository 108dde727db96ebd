"""How a store is, for whoever looks at a deployment before trusting it: told by ledgers and stores of limits."""

from typing import Protocol, runtime_checkable

from msgspec import Struct


class StoreHealth(Struct, frozen=True, kw_only=True):
    """What was seen. `says` is for people: `PostgreSQL 17.2, layout 2`; never a secret."""

    says: str
    clock_skew: float | None = None
    """Seconds by which its clock is ahead of the one here; None where it has none of its own."""
    faults: tuple[str, ...] = ()
    """What will go wrong, each with what to do."""


@runtime_checkable
class TellsHealth(Protocol):
    """A store that can be looked at. One that cannot is used once, and nothing more is known of it."""

    async def health(self) -> StoreHealth:
        """Asks it now. Raises LockgateError when it cannot be reached."""
        ...
