"""How calls are made: what a route or a profile says of it, laid over what holds for their targets."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, structs

from lockgate_core.laid_over import laid_over
from lockgate_core.provider import OwnRetry, OwnTimeouts, Provider, Timeouts
from lockgate_core.retry import RetryPolicy

AfterCommit = Literal["error", "restart", "continue"]
"""What becomes of a stream that fails when the client has seen some of it: the client is told; nothing is shown before
the whole is there, so that it can begin anew; or the next target goes on with it."""


class HedgePolicy(Struct, frozen=True):
    """When a second target is asked as well, because the first one takes longer than nearly always."""

    budget: float = 0.02
    """How many more calls that may be, for each call of the route."""
    side_effects: bool = False
    """Also for calls that may do something besides answering."""


class StreamPolicy(Struct, frozen=True):
    """What becomes of a stream that fails."""

    after_commit: AfterCommit = "error"
    hold_pieces: int = 0
    """A stream is held back until so many pieces of content are there, and failures go unseen;"""
    hold_seconds: float = 0.0
    """or until so long after its first one, whichever comes first. 0 of both: until the first."""


class Terms(Struct, frozen=True):
    """Those of one route, or of one that is asked for by a profile."""

    timeouts: OwnTimeouts | None = None
    stream: AfterCommit = "error"
    hold_pieces: int = 0
    hold_seconds: float = 0.0
    """These three as in StreamPolicy."""
    hedge: HedgePolicy | None = None
    """None: never."""
    retry: OwnRetry | None = None

    def timeouts_at(self, provider: Provider, model: str) -> Timeouts:
        """How long a call to the model may take: what is said here counts more than what the model's row does, and that
        more than its provider's."""
        timeouts = provider.by_model.get(model, provider.timeouts) if provider.by_model else provider.timeouts
        return timeouts if self.timeouts is None else laid_over(timeouts, self.timeouts)

    def retry_at(self, policy: RetryPolicy, provider: Provider, model: str) -> RetryPolicy:
        """How often the model is tried, by the same order; `policy` is what holds for all."""
        own = provider.retry_by_model.get(model, provider.retry) if provider.retry_by_model else provider.retry
        if own is not None:
            policy = laid_over(policy, own)
        return policy if self.retry is None else laid_over(policy, self.retry)

    @property
    def holds(self) -> bool:
        """More than the first piece of a stream is held back."""
        return self.hold_pieces > 1 or self.hold_seconds > 0 or self.stream == "restart"


PLAIN = Terms()
"""Those of a route that says nothing."""


class OwnTerms(Struct, frozen=True):
    """Those of a profile; what is None is as its route says."""

    timeouts: OwnTimeouts | None = None
    retry: OwnRetry | None = None
    stream: StreamPolicy | None = None

    def over(self, terms: Terms) -> Terms:
        """These in place of those."""
        if (own := self.stream) is not None:
            terms = structs.replace(
                terms, stream=own.after_commit, hold_pieces=own.hold_pieces, hold_seconds=own.hold_seconds
            )
        return structs.replace(
            terms,
            timeouts=laid_over(terms.timeouts or OwnTimeouts(), self.timeouts) if self.timeouts else terms.timeouts,
            retry=laid_over(terms.retry or OwnRetry(), self.retry) if self.retry else terms.retry,
        )


class TermsBook:
    """The terms of all routes and profiles. `otherwise` are those of a route that says nothing."""

    def __init__(
        self,
        by_route: Mapping[str, Terms] | None = None,
        by_profile: Mapping[str, OwnTerms] | None = None,
        otherwise: Terms = PLAIN,
    ) -> None:
        self.by_route = by_route or {}
        self._by_profile = by_profile or {}
        self._otherwise = otherwise
        self._both: dict[tuple[str, str], Terms] = {}

    def of(self, route: str, profile_id: str | None) -> Terms:
        """Those of calls of the route, where the profile asks for it (None: no profile does)."""
        if profile_id is None or profile_id not in self._by_profile:
            return self.by_route.get(route, self._otherwise)
        found = self._both.get((route, profile_id))
        if found is None:
            # A profile asks for one name of a model: there are no more of these than profiles.
            found = self._by_profile[profile_id].over(self.by_route.get(route, self._otherwise))
            self._both[route, profile_id] = found
        return found


NO_TERMS = TermsBook()
"""Nobody says anything."""
