"""The moment as it is, for routing: read from the providers; and a look ahead that changes nothing."""

from collections.abc import Callable, Mapping
from typing import Protocol

from lockgate_core.clock import Clock
from lockgate_core.provider import Provider
from lockgate_core.rollout import Rollouts
from lockgate_core.routing.vitals import Vitals
from lockgate_ports.context import Target

Room = Callable[[Target], float]
"""What is left under the limits of a target, from 0 (nothing) to 1."""


class Dice(Protocol):
    """Chance, as the engine is handed it."""

    def roll(self) -> float:
        """A random number in [0, 1)."""
        ...

    def fork(self) -> "Dice":
        """Dice that will roll what these would."""
        ...


def unlimited(_: Target) -> float:
    """Nothing is limited."""
    return 1.0


class LiveVitals:
    """Read from the providers."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        clock: Clock,
        dice: Dice,
        rollouts: Rollouts,
        room: Room = unlimited,
    ) -> None:
        self._providers = providers
        self._clock = clock
        self._dice = dice
        self._turns: dict[str, int] = {}
        self._rollouts = rollouts
        self._room = room

    def in_flight(self, target: Target) -> int:
        """Calls that run there now."""
        return self._providers[target.provider_id].loads.of(target.model).in_flight

    def latency(self, target: Target) -> float | None:
        """Its recent answers in seconds; None when there was none yet."""
        return self._providers[target.provider_id].loads.of(target.model).latency

    def rests(self, target: Target) -> float:
        """Seconds for which its breaker lets no call through."""
        return self._providers[target.provider_id].breakers.of(target.model).wait(self._clock.now())

    def room(self, target: Target) -> float:
        """What is left under its limits, from 0 to 1: of places, and of what the settings allow."""
        slots = self._providers[target.provider_id].slots
        room = self._room(target)
        return room if slots is None else min(room, slots.room(target.model))

    def share(self, route: str) -> float:
        """Which share of callers a rollout of the route has reached."""
        return self._rollouts.share(route)

    def turn(self, route: str) -> int:
        """How often the route was asked before; counts on."""
        turn = self._turns.get(route, 0)
        self._turns[route] = turn + 1
        return turn

    def roll(self) -> float:
        """A random number in [0, 1)."""
        return self._dice.roll()

    def forecast(self) -> Vitals:
        """The same moment as the next call will see it, if none comes in between; asking it changes nothing."""
        ahead = LiveVitals(self._providers, self._clock, self._dice.fork(), self._rollouts, self._room)
        ahead._turns = dict(self._turns)
        return ahead
