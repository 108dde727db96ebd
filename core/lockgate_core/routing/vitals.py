"""What routing must know of the moment: how the targets are, whose turn it is, and chance."""

from typing import Protocol

from lockgate_ports.context import Target


class Vitals(Protocol):
    """Handed in: live in production, a forecast in `explain`, made up in tests and simulations."""

    def in_flight(self, target: Target) -> int:
        """Calls that run there now."""
        ...

    def latency(self, target: Target) -> float | None:
        """Its recent answers in seconds, peaks weighing most; None when there was none yet."""
        ...

    def rests(self, target: Target) -> float:
        """Seconds for which its breaker lets no call through; 0 when one may go."""
        ...

    def room(self, target: Target) -> float:
        """What is left under its limits, from 0 (nothing) to 1; 1 also where there is no limit."""
        ...

    def turn(self, route: str) -> int:
        """How often the route was asked before; counts on."""
        ...

    def roll(self) -> float:
        """A random number in [0, 1)."""
        ...

    def share(self, route: str) -> float:
        """Which share of callers a rollout of the route has reached, from 0 to 1."""
        ...

    def forecast(self) -> "Vitals":
        """The same moment as the next call will see it, if none comes in between; asking it changes nothing."""
        ...


class Calm:
    """Nothing runs, nothing is known, nothing is left to chance."""

    def in_flight(self, target: Target) -> int:
        """None."""
        return 0

    def latency(self, target: Target) -> float | None:
        """Not known."""
        return None

    def rests(self, target: Target) -> float:
        """It may be asked."""
        return 0.0

    def room(self, target: Target) -> float:
        """All of it."""
        return 1.0

    def turn(self, route: str) -> int:
        """Always the first."""
        return 0

    def roll(self) -> float:
        """Always 0."""
        return 0.0

    def share(self, route: str) -> float:
        """Nobody."""
        return 0.0

    def forecast(self) -> Vitals:
        """The same."""
        return self


CALM: Vitals = Calm()
