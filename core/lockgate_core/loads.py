"""How many calls run at each model of a provider, and how quick it has been lately. Pure."""

import math

_TAU = 10.0
"""Seconds in which what was seen loses two thirds of its weight."""
_FAILED = 1.0
"""What a failure counts at least, in seconds, so that a target that fails quickly does not look quick."""
_MOST = 1024


class Load:
    """One model. `latency` is a peak-sensitive average: a slower answer counts at once, quicker ones little by little
    (Finagle, Peak EWMA)."""

    __slots__ = ("_at", "in_flight", "latency")

    def __init__(self) -> None:
        self.in_flight = 0
        """Counted by whoever calls."""
        self.latency: float | None = None
        """Seconds to a whole answer, or to the first content of a stream; None before the first."""
        self._at = 0.0

    def answered(self, took: float, now: float) -> None:
        """It was answered within `took` seconds."""
        if self.latency is None or took >= self.latency:
            self.latency = took
        else:
            kept = math.exp((self._at - now) / _TAU)
            self.latency = self.latency * kept + took * (1.0 - kept)
        self._at = now

    def failed(self, took: float, now: float) -> None:
        """The target failed after `took` seconds: it counts as slower than it was."""
        self.answered(max(took, _FAILED, 2.0 * (self.latency or 0.0)), now)


class Loads:
    """Those of a provider, made when a model is first asked for. Clients choose names of models: the oldest is
    forgotten beyond 1024 of them."""

    def __init__(self) -> None:
        self._by_model: dict[str, Load] = {}

    def of(self, model: str) -> Load:
        """The load of `model`."""
        found = self._by_model.get(model)
        if found is None:
            if len(self._by_model) >= _MOST:
                del self._by_model[next(iter(self._by_model))]
            found = self._by_model[model] = Load()
        return found
