"""LimitsPort: counters that are taken from before a call and settled after it, shared by whoever shares the store."""

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

LimitUnit = Literal["requests", "tokens", "micro_usd", "in_flight"]


class Limit(Struct, frozen=True):
    """At most `amount` of a unit within a window, for one scope (`key:k_1`, `tenant:acme`, `model:openai/gpt-5`).

    `window` is in seconds, from the beginning of the first call in it, or a calendar day or month in UTC; for
    `in_flight` it is None. `shadow`: it only tells what it would have refused.
    """

    scope: str
    unit: LimitUnit
    amount: int
    window: int | Literal["day", "month"] | None
    shadow: bool = False


class Claim(Struct, frozen=True):
    """So much of a limit, for one call."""

    limit: Limit
    amount: int


class Standing(Struct, frozen=True):
    """A limit as it stood when a claim was decided. `resets_in` is in seconds; None where only other calls free it."""

    limit: Limit
    remaining: int
    resets_in: float | None


class Grant(Struct, frozen=True):
    """What became of the claims of one call: all are granted, or none is and `refused` is the first that did not fit.

    `claims` are those to settle; `window_ids` is the store's own note of where they were counted.
    """

    claims: tuple[Claim, ...]
    standings: tuple[Standing, ...]
    refused: Standing | None = None
    exceeded: tuple[Limit, ...] = ()
    """Shadow limits that would have refused it."""
    window_ids: tuple[str, ...] = ()


class LimitsPort(Protocol):
    """Counts for everybody who shares the store. All claims of a call are decided together, in one step."""

    async def claim(self, claims: Sequence[Claim]) -> Grant:
        """Take all, or none. Raises LimitsFailed where the store is away and no local fallback is set."""
        ...

    def settle(self, grant: Grant, used: Sequence[int]) -> None:
        """What each claim of the grant really took, in their order; the difference is given back, or taken. At once,
        raises nothing: a store elsewhere is told behind the call, also when that was cancelled."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...
