"""The adaptive limit against a plain model: all that happened in one list, read from the beginning each time."""

import math
from statistics import median

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lockgate_core.slots import AdaptivePolicy, Gradient

POLICY = AdaptivePolicy(start=8, least=2, most=30, tolerance=1.5, window=1.0)
KINDS = ("chat", "stream")


def limit_after(history: list[tuple[str, float, int, float]]) -> float:
    """`history` holds (what, took, running, at)."""
    limit, cut = float(POLICY.start), -math.inf
    usual: dict[str, float] = {}
    seen = dict.fromkeys(KINDS, 0)
    last = dict.fromkeys(KINDS, 0.0)
    window: list[tuple[float, int]] = []
    since: float | None = None
    for what, took, running, at in history:
        if what == "no room":
            if at - took >= cut:
                limit, cut = max(POLICY.least, limit * 0.8), at
                window, since = [], at
            continue
        seen[what] += 1
        weight = 1 / seen[what] if seen[what] <= 10 else 1 - math.exp((last[what] - at) / 600)
        usual[what] = usual.get(what, 0.0) + weight * (took - usual.get(what, 0.0))
        last[what] = at
        window.append((took / usual[what] if usual[what] else 1.0, running))
        since = at if since is None else since
        if at - since < POLICY.window or len(window) < min(10, int(limit)):
            continue
        middle = median(ratio for ratio, _ in window)
        if middle < 0.5:
            usual = {kind: time * 0.95 for kind, time in usual.items()}
        if max(running for _, running in window) >= limit / 2:
            slope = min(1.0, max(0.5, POLICY.tolerance / middle)) if middle else 1.0
            limit += 0.3 * (limit * slope + math.sqrt(limit) - limit)
            limit = min(POLICY.most, max(POLICY.least, limit))
        window, since = [], at
    return limit


class GradientModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.gradient = Gradient(POLICY)
        self.history: list[tuple[str, float, int, float]] = []
        self.now = 50.0

    @rule(kind=st.sampled_from(KINDS), took=st.floats(0, 20), share=st.floats(0, 1), calls=st.integers(1, 12))
    def answers(self, kind, took, share, calls):
        for _ in range(calls):
            self.now += 0.15
            running = max(1, int(self.gradient.limit * share))
            self.history.append((kind, took, running, self.now))
            self.gradient.answered(took, running, self.now, kind)

    @rule(took=st.floats(0, 5))
    def no_room(self, took):
        self.history.append(("no room", took, 1, self.now))
        self.gradient.pushed_back(took, self.now)

    @rule(seconds=st.floats(0, 400))
    def pass_time(self, seconds):
        self.now += seconds

    @invariant()
    def agrees(self):
        assert self.gradient.limit == int(limit_after(self.history))
        assert POLICY.least <= self.gradient.limit <= POLICY.most


GradientModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestGradient = GradientModel.TestCase
