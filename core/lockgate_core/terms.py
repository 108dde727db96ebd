"""What a route says of how its calls are made, where it differs from what holds for all."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from lockgate_core.provider import Provider, Timeouts

AfterCommit = Literal["error", "restart", "continue"]
"""What becomes of a stream that fails when the client has seen some of it: the client is told; nothing is shown before
the whole is there, so that it can begin anew; or the next target goes on with it."""


class OwnTimeouts(Struct, frozen=True):
    """Some of the timeouts, in seconds; what is None is as it was."""

    attempt: float | None = None
    first_token: float | None = None
    idle: float | None = None
    total: float | None = None

    def over(self, timeouts: Timeouts) -> Timeouts:
        """These in place of those."""
        return Timeouts(
            timeouts.attempt if self.attempt is None else self.attempt,
            timeouts.first_token if self.first_token is None else self.first_token,
            timeouts.idle if self.idle is None else self.idle,
            timeouts.total if self.total is None else self.total,
        )


class HedgePolicy(Struct, frozen=True):
    """When a second target is asked as well, because the first one takes longer than nearly always."""

    budget: float = 0.02
    """How many more calls that may be, for each call of the route."""
    side_effects: bool = False
    """Also for calls that may do something besides answering."""


class Terms(Struct, frozen=True):
    """Those of one route."""

    timeouts: OwnTimeouts | None = None
    stream: AfterCommit = "error"
    hold_pieces: int = 0
    """A stream is held back until so many pieces of content are there, and failures go unseen;"""
    hold_seconds: float = 0.0
    """or until so long after its first one, whichever comes first. 0 of both: until the first."""
    hedge: HedgePolicy | None = None
    """None: never."""

    def timeouts_at(self, provider: Provider, model: str) -> Timeouts:
        """How long a call to the model may take: what the route says counts more than what the model's row does, and
        that more than its provider's."""
        timeouts = provider.by_model.get(model, provider.timeouts) if provider.by_model else provider.timeouts
        return timeouts if self.timeouts is None else self.timeouts.over(timeouts)

    @property
    def holds(self) -> bool:
        """More than the first piece of a stream is held back."""
        return self.hold_pieces > 1 or self.hold_seconds > 0 or self.stream == "restart"


PLAIN = Terms()
"""Those of a route that says nothing."""

NO_TERMS: Mapping[str, Terms] = {}
"""No route says anything."""
