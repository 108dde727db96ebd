"""What a rollout is told, what it has seen, how it stands, and where that is kept."""

from typing import Literal, Protocol

from msgspec import Struct, structs

Arm = Literal["canary", "baseline"]
Phase = Literal["running", "done", "aborted", "rolled_back"]
"""`aborted` and `rolled_back` stay so until somebody promotes."""


class RolloutPolicy(Struct, frozen=True):
    """Shares of callers by step, and what the canary may do worse than the baseline. Times are in seconds."""

    steps: tuple[float, ...] = (1.0, 5.0, 25.0, 100.0)
    """Per cent, rising."""
    hold: float = 600.0
    """How long each step lasts at least."""
    min_calls: int = 50
    """With fewer calls to the canary in a step nothing is judged, and no step is taken."""
    max_error_rate: float = 0.05
    """What the share of errors may be more than the baseline's."""
    max_latency: float = 1.5
    """How many times the baseline's mean latency."""
    max_empty_rate: float = 0.05
    """What the share of empty answers may be more than the baseline's."""


class Outcome(Struct, frozen=True):
    """What became of the first attempt of a call."""

    failed: bool
    latency: float
    empty: bool = False


class Tally(Struct):
    """What was seen of one arm."""

    calls: int = 0
    errors: int = 0
    empty: int = 0
    seconds: float = 0.0
    """Of those that were answered."""

    def add(self, outcome: Outcome) -> None:
        """Takes note of one."""
        self.calls += 1
        self.errors += outcome.failed
        self.empty += outcome.empty
        if not outcome.failed:
            self.seconds += outcome.latency

    @property
    def error_rate(self) -> float:
        """From 0 to 1."""
        return self.errors / self.calls if self.calls else 0.0

    @property
    def empty_rate(self) -> float:
        """From 0 to 1."""
        return self.empty / self.calls if self.calls else 0.0

    @property
    def latency(self) -> float | None:
        """The mean in seconds; None before the first answer."""
        answered = self.calls - self.errors
        return self.seconds / answered if answered else None


class RolloutStatus(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a rollout is. `share` is in per cent, `reason` why it was aborted."""

    route: str
    phase: Phase
    step: int
    share: float
    canary: Tally
    baseline: Tally
    reason: str | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """Where a rollout is, as it is kept. `at`: when it came there, in seconds since 1970."""

    step: int
    phase: Phase
    at: float
    known: Tally
    """The baseline of the steps before."""
    reason: str | None = None


class RolloutPlace(Protocol):
    """Keeps where one rollout is, beyond the process."""

    @property
    def kept(self) -> tuple[Standing, float] | None:
        """Where it was, and how many seconds ago it came there; None where it never moved."""
        ...

    def keep(self, step: int, phase: Phase, known: Tally, reason: str | None) -> None:
        """It is there from now on. Raises nothing."""
        ...


class Nowhere:
    """Keeps nothing: whoever begins anew begins at the first step."""

    kept: tuple[Standing, float] | None = None

    def keep(self, step: int, phase: Phase, known: Tally, reason: str | None) -> None:
        """Forgotten at once."""


NOWHERE = Nowhere()


def added(one: RolloutStatus, other: RolloutStatus) -> RolloutStatus:
    """How far a rollout is that goes on in two processes."""
    return structs.replace(one, canary=_sum(one.canary, other.canary), baseline=_sum(one.baseline, other.baseline))


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(*(a + b for a, b in zip(structs.astuple(one), structs.astuple(other), strict=True)))


class Move(Struct, frozen=True, kw_only=True):
    """Where a rollout goes next. `before` counts the moves that were made until then: of several that begin at the same
    place the first one made counts. `terms` tells it from others that the route had under other settings; `actor` made
    it, in the process `origin`."""

    route: str
    terms: str
    before: int
    step: int
    phase: Phase
    actor: str
    origin: int
    reason: str | None = None
