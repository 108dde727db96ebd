"""What routing is told, and what it decides."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, structs

from lockgate_core.rollout import Arm
from lockgate_core.routing.need import NO_DOUBTS, Doubts, doubts
from lockgate_ports.cards import ModelCard
from lockgate_ports.context import Target

Status = Literal["active", "testing", "draining", "disabled"]
"""`testing`: answers whoever asks for `provider_id/model`, and no route. `draining`: gets no new call. `disabled`: is
not there."""

Strategy = Literal["ordered", "weighted", "round_robin", "least_busy", "fastest", "usage", "cheapest"]

_STRICTNESS: Final[tuple[Status, ...]] = ("active", "testing", "draining", "disabled")


def strictest(*statuses: Status) -> Status:
    """The one that allows least."""
    return max(statuses, key=_STRICTNESS.index)


class Candidate(Struct, frozen=True):
    """A target that a route names. `card` is None where nothing is known of the model."""

    target: Target
    weight: float = 1.0
    card: ModelCard | None = None
    status: Status = "active"
    """The stricter of its own and its provider's."""


class Shadow(Struct, frozen=True):
    """Who gets a copy of a share (0 to 1) of the calls, and is compared, but never answered from."""

    candidates: tuple[Candidate, ...]
    share: float
    allow_side_effects: bool = False


class Route(Struct, frozen=True):
    """Who may answer for a name. `fallbacks`, and those `by_class` of error, name other routes or targets."""

    name: str
    candidates: tuple[Candidate, ...]
    strategy: Strategy = "ordered"
    fallbacks: tuple[str, ...] = ()
    by_class: Mapping[str, tuple[str, ...]] = {}
    canary: tuple[Candidate, ...] = ()
    """Who answers the callers that a rollout has reached; the others stand in for them."""
    sticky: Literal["tenant", "user"] = "tenant"
    """By what callers are told apart."""
    shadow: Shadow | None = None
    """Who is tried out beside it."""
    asked_directly: bool = False
    """The client named the very target: that is not second-guessed by what a card says."""
    doubted: Doubts = NO_DOUBTS
    """What the cards of the candidates could say no to; found by itself."""
    plain: bool = False
    """Nobody can be dropped and nobody stands in: only the order is left to find; found by itself."""
    settled: "Plan | None" = None
    """Nothing at all is left to find; found by itself."""

    def __post_init__(self) -> None:
        if self.asked_directly:
            structs.force_setattr(self, "plain", True)
            return
        structs.force_setattr(self, "doubted", doubts(each.card for each in (*self.candidates, *self.canary)))
        active = all(each.status == "active" for each in self.candidates)
        stood_in_for = bool(self.fallbacks or self.by_class or self.canary)
        plain = active and not self.doubted and not stood_in_for and self.shadow is None
        structs.force_setattr(self, "plain", plain)
        if plain and len(self.candidates) == 1:
            structs.force_setattr(self, "settled", Plan(self.name, (self.candidates[0].target,)))


class Dropped(Struct, frozen=True):
    """A candidate that is not asked. `why` sorts the `reason`."""

    target: Target
    why: Literal["unsupported", "context_length", "status", "policy"]
    reason: str


class Plan(Struct, frozen=True):
    """What routing decided: the targets in order, and those that take over `otherwise`, by class of error."""

    route: str
    targets: tuple[Target, ...]
    otherwise: Mapping[str, tuple[Target, ...]] = {}
    dropped: tuple[Dropped, ...] = ()
    arm: Arm | None = None
    """Which arm of a rollout the caller is in."""
    shadow: tuple[Target, ...] = ()
    """Who gets a copy."""
