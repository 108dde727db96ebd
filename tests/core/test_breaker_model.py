"""The breaker against a plain model: all calls in a list, and what follows from reading it from the beginning."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule

from lockgate_core.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(failures=4, ratio=0.6, min_calls=6, window=10, open_for=2, max_open_for=10)


class BreakerModel(RuleBasedStateMachine):
    """A call is (when it set out, in which state). A state begins when the breaker opens or closes."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(POLICY)
        self.now = 100.0
        self.state = 0
        self.outcomes: list[tuple[float, bool]] = []
        """Of this closed state."""
        self.openings = 0
        self.until: float | None = None
        self.probes: list[float] = []
        """Set out in this open state, without a verdict so far."""

    @rule(target=calls)
    def call(self):
        era = self.breaker.admit(self.now)
        if self.until is None:
            assert era is not None, "closed, and yet nobody may pass"
        else:
            free = self.now >= self.until if not self.probes else self.now >= self.probes[-1] + POLICY.max_open_for
            assert (era is not None) == free, "open: one probe, when it is time"
            assert (self.breaker.wait(self.now) > 0) == (not free or era is not None)
            if not free:
                return multiple()
            self.probes.append(self.now)
        return era, self.state, self.now

    @rule(call=consumes(calls))
    def answered(self, call):
        era, state, _ = call
        self.breaker.answered(era, self.now)
        if state == self.state:
            self.outcomes.append((self.now, True))
            self.close()

    @rule(call=consumes(calls))
    def proven(self, call):
        era, state, _ = call
        self.breaker.proven(era)
        if state == self.state:
            self.close()

    @rule(call=consumes(calls), luck=st.floats(0, 0.999))
    def failed(self, call, luck):
        era, state, _ = call
        self.breaker.failed(era, self.now, luck)
        if state != self.state:
            return
        if self.until is None:
            self.outcomes.append((self.now, False))
            slot = POLICY.window / 10
            recent = [good for at, good in self.outcomes if int(at / slot) > int(self.now / slot) - 10]
            row = [good for _, good in self.outcomes[-POLICY.failures :]]
            in_a_row = len(row) == POLICY.failures and not any(row)
            often = len(recent) >= POLICY.min_calls and recent.count(False) >= POLICY.ratio * len(recent)
            if not in_a_row and not often:
                return
        self.openings += 1
        period = min(POLICY.max_open_for, POLICY.open_for * 2 ** (self.openings - 1))
        self.until = self.now + self.breaker.wait(self.now)
        assert 0.79 * period <= self.until - self.now <= 1.21 * period
        self.state += 1
        self.probes = []

    @rule(call=consumes(calls))
    def left(self, call):
        era, state, _ = call
        self.breaker.left(era)
        if state == self.state:
            self.probes = []

    @rule(seconds=st.sampled_from([0.25, 1.0, 2.5, 5.0, 12.5]))
    def wait(self, seconds):
        self.now += seconds

    def close(self) -> None:
        if self.until is not None:
            self.until = None
            self.state += 1
            self.openings = 0
            self.outcomes = []
            self.probes = []


BreakerModel.TestCase.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
TestBreaker = BreakerModel.TestCase
