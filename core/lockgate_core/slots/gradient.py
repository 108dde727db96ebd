"""A limit on calls at a time that is found out: it grows while answers come as quickly as usual, and falls when they
slow down or the provider pushes back. Pure.

After Gradient2 of Netflix's concurrency-limits and the gradient controller of Envoy's adaptive concurrency filter.
"""

import math
from collections import defaultdict
from statistics import median

from msgspec import Struct

_SMOOTHING = 0.3
"""How much of the way to the new limit is gone at a time."""
_STEEPEST = 0.5
"""However slow answers are, the new limit is half the old one at least: a few outliers are no outage."""
_ENOUGH = 10
"""So many answers tell something; with a smaller limit as many as it lets through at a time."""
_REMEMBERED = 600.0
"""Seconds in which what is usual loses two thirds of its weight."""
_BACK = 0.8
"""What is left of the limit when the provider pushes back."""
_FORGET = 0.95
"""What is left of the usual time, a window, when answers take less than half of it: a slow past is no measure."""


class AdaptivePolicy(Struct, frozen=True):
    """Where the limit begins, and between what it stays. `tolerance`: how many times as long as usual answers may take
    before it falls. `window`: how often it is judged at most, in seconds."""

    start: int = 20
    least: int = 1
    most: int = 1000
    tolerance: float = 1.5
    window: float = 1.0


class Usual:
    """How long answers take over a long time: the mean of the first ones, then one that fades."""

    __slots__ = ("_at", "_seen", "time")

    def __init__(self) -> None:
        self.time = 0.0
        self._seen = 0
        self._at = 0.0

    def add(self, took: float, now: float) -> None:
        """One more."""
        self._seen += 1
        weight = 1.0 / self._seen
        if self._seen > _ENOUGH:
            weight = 1.0 - math.exp((self._at - now) / _REMEMBERED)
        self.time += weight * (took - self.time)
        self._at = now


class Gradient:
    """Told of each answer: for a stream the time to its first content, which does not hang on its length. Answers are
    compared with what is usual for those of their kind."""

    __slots__ = ("_cut", "_exact", "_most", "_policy", "_ratios", "_since", "_usual", "limit")

    def __init__(self, policy: AdaptivePolicy) -> None:
        self._policy = policy
        self._exact = float(policy.start)
        self.limit = policy.start
        self._usual: defaultdict[str, Usual] = defaultdict(Usual)
        self._ratios: list[float] = []
        """Of the answers of this window, how long each took to what was usual."""
        self._since: float | None = None
        self._most = 0
        """The most calls that ran at a time in this window."""
        self._cut = -math.inf
        """When the provider last pushed back."""

    def answered(self, took: float, running: int, now: float, kind: str) -> None:
        """An answer of a kind came after `took` seconds; `running` calls ran then, it included."""
        usual = self._usual[kind]
        usual.add(took, now)
        self._ratios.append(took / usual.time if usual.time > 0 else 1.0)
        self._most = max(self._most, running)
        if self._since is None:
            self._since = now
        if now - self._since >= self._policy.window and len(self._ratios) >= min(_ENOUGH, self.limit):
            self._judge(median(self._ratios))
            self._begin(now)

    def pushed_back(self, took: float, now: float) -> None:
        """A call was refused for want of room, or got no answer in time, after `took` seconds. Those that were under
        way when the limit was last cut say nothing new."""
        if now - took < self._cut:
            return
        self._cut = now
        self._set(self._exact * _BACK)
        self._begin(now)

    def _begin(self, now: float) -> None:
        self._ratios.clear()
        self._since = now
        self._most = 0

    def _judge(self, ratio: float) -> None:
        if ratio < 0.5:
            for usual in self._usual.values():
                usual.time *= _FORGET
        if self._most * 2 < self._exact:
            return  # callers ask for less than they may: that says nothing of what the provider can do
        gradient = max(_STEEPEST, min(1.0, self._policy.tolerance / ratio)) if ratio > 0 else 1.0
        # The square root is room for a few calls to wait at the provider, so that the limit can rise.
        new = self._exact * gradient + math.sqrt(self._exact)
        self._set(self._exact + _SMOOTHING * (new - self._exact))

    def _set(self, exact: float) -> None:
        self._exact = min(float(self._policy.most), max(float(self._policy.least), exact))
        self.limit = int(self._exact)
