"""The retry budget of a provider: what callers ask for pays for retries, so that an outage is never amplified. Pure."""

from msgspec import Struct


class BudgetPolicy(Struct, frozen=True):
    """How many retries a provider gets: never more than `share` of the calls, `per_second` and `reserve` together."""

    share: float = 0.15
    reserve: float = 20.0
    """The most that is saved up, and what there is at the beginning."""
    per_second: float = 1.0
    """So that whoever calls once in a while has retries as well."""


class RetryBudget:
    """A token bucket; a retry takes one token."""

    __slots__ = ("_at", "_policy", "_tokens")

    def __init__(self, policy: BudgetPolicy) -> None:
        self._policy = policy
        self._tokens = policy.reserve
        self._at: float | None = None

    def called(self, now: float) -> None:
        """A call sets out for the first time."""
        self._tokens += self._policy.share
        self._fill(now)

    def spend(self, now: float) -> bool:
        """Takes one retry out of the budget; False when there is none."""
        self._fill(now)
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._tokens += self._policy.per_second * (now - self._at)
        self._at = now
        if self._tokens > self._policy.reserve:
            self._tokens = self._policy.reserve
