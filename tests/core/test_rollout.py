"""Rollouts against a plain reference model, and what they promise."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lockgate_core.rollout import Move, Outcome, Phase, Rollout, RolloutPolicy, Standing, Tally, added, is_in
from lockgate_ports.ledger import AuditEvent

POLICY = RolloutPolicy(steps=(1.0, 25.0, 100.0), hold=60.0, min_calls=5, max_error_rate=0.2)


def untold(_: AuditEvent) -> None:
    """Nobody audits."""


GOOD, BAD = Outcome(False, 1.0), Outcome(True, 1.0)


def judged(rows: list[Outcome]) -> tuple[float, float, float | None]:
    answered = [each.latency for each in rows if not each.failed]
    mean = sum(answered) / len(answered) if answered else None
    return sum(e.failed for e in rows) / len(rows), sum(e.empty for e in rows) / len(rows), mean


class AgainstAModel(RuleBasedStateMachine):
    """The model keeps every outcome in lists and judges them all again each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.told: list[AuditEvent] = []
        self.moves = 0
        self.rollout = Rollout("r", POLICY, self.now, self.told.append)
        self.step, self.phase, self.since = 0, "running", 0.0
        self.canary: list[Outcome] = []
        self.baseline: list[Outcome] = []
        self.known: list[Outcome] = []

    def go(self, step: int, phase: str) -> None:
        if len(self.baseline) >= POLICY.min_calls:
            self.known = self.baseline
        self.step, self.phase, self.since, self.canary, self.baseline = step, phase, self.now, [], []
        self.moves += 1

    @rule(seconds=st.sampled_from([1.0, 30.0, 60.0, 600.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(failed=st.booleans(), latency=st.sampled_from([0.5, 1.0, 3.0]), empty=st.booleans(), n=st.integers(1, 6))
    def baseline_answers(self, failed: bool, latency: float, empty: bool, n: int) -> None:
        for _ in range(n):
            outcome = Outcome(failed, latency, empty and not failed)
            self.rollout.observe("baseline", outcome, self.now)
            self.baseline.append(outcome)

    @precondition(lambda self: self.step >= 0)
    @rule(failed=st.booleans(), latency=st.sampled_from([0.5, 1.0, 3.0]), empty=st.booleans(), n=st.integers(1, 6))
    def canary_answers(self, failed: bool, latency: float, empty: bool, n: int) -> None:
        for _ in range(n):
            outcome = Outcome(failed, latency, empty and not failed)
            self.rollout.observe("canary", outcome, self.now)
            self.canary.append(outcome)
            if self.phase != "running" or len(self.canary) < POLICY.min_calls:
                continue
            errors, empties, mean = judged(self.canary)
            beside = self.baseline if len(self.baseline) >= POLICY.min_calls else self.known
            base_errors, base_empties, base_mean = judged(beside) if beside else (0.0, 0.0, None)
            slow = mean is not None and base_mean is not None and mean > base_mean * POLICY.max_latency
            worse = errors > base_errors + POLICY.max_error_rate or empties > base_empties + POLICY.max_empty_rate
            if worse or slow:
                self.go(self.step - 1, "aborted")
                return
            if self.now >= self.since + POLICY.hold:
                last = self.step == len(POLICY.steps) - 1
                self.go(self.step if last else self.step + 1, "done" if last else "running")

    @rule()
    def promote(self) -> None:
        self.rollout.take(self.rollout.promotion("ann"), self.now)
        last = self.step == len(POLICY.steps) - 1
        self.go(self.step if last else self.step + 1, "done" if last else "running")

    @rule()
    def rollback(self) -> None:
        self.rollout.take(self.rollout.retreat("ann"), self.now)
        self.go(-1, "rolled_back")

    @invariant()
    def says_what_the_model_says(self) -> None:
        said = self.rollout.status
        assert (said.step, said.phase) == (self.step, self.phase)
        assert self.rollout.share == (POLICY.steps[self.step] / 100 if self.step >= 0 else 0)
        assert (said.canary.calls, said.baseline.calls) == (len(self.canary), len(self.baseline))
        assert (said.reason is None) == (self.phase != "aborted")
        assert len(self.told) == self.moves, "each move is told to the auditor"
        if self.told:
            last = self.told[-1]
            assert (last.kind, last.subject, last.details["phase"]) == ("rollout_changed", "r", self.phase)
            assert last.details["share"] == f"{self.rollout.share * 100:g} %"


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def told(rollout: Rollout, arm: str, outcome: Outcome, times: int, now: float) -> None:
    for _ in range(times):
        rollout.observe(arm, outcome, now)  # pyright: ignore[reportArgumentType]


def test_a_canary_that_does_well_gets_everybody_step_by_step() -> None:
    rollout = Rollout("r", POLICY, 0.0, untold)
    shares = [rollout.share]
    for step in range(1, 5):
        told(rollout, "baseline", GOOD, 10, 0)
        told(rollout, "canary", GOOD, 10, 61.0 * step)
        shares.append(rollout.share)
    assert shares == [0.01, 0.25, 1.0, 1.0, 1.0]
    assert rollout.status.phase == "done"


@pytest.mark.parametrize(
    ("bad", "said"),
    [(BAD, "errors"), (Outcome(False, 9.0), "s on average"), (Outcome(False, 1.0, empty=True), "empty answers")],
)
def test_a_canary_that_does_worse_goes_back_to_the_last_good_step(bad: Outcome, said: str) -> None:
    rollout = Rollout("r", POLICY, 0.0, untold)
    told(rollout, "baseline", GOOD, 10, 0)
    told(rollout, "canary", GOOD, 5, 61)
    assert rollout.share == 0.25
    told(rollout, "baseline", GOOD, 10, 62)
    told(rollout, "canary", bad, 5, 62)
    assert (rollout.share, rollout.status.phase) == (0.01, "aborted")
    assert said in (rollout.status.reason or "")
    told(rollout, "canary", GOOD, 100, 1000)
    assert rollout.share == 0.01, "it goes on by command alone"
    rollout.take(rollout.promotion("ann"), 1001)
    assert (rollout.share, rollout.status.phase) == (0.25, "running")


def test_an_outage_of_both_arms_does_not_abort() -> None:
    rollout = Rollout("r", POLICY, 0.0, untold)
    told(rollout, "baseline", BAD, 10, 0)
    told(rollout, "canary", BAD, 10, 1)
    assert rollout.status.phase == "running"


def test_callers_stay_where_they_are_and_the_share_is_kept() -> None:
    callers = [f"tenant-{n}" for n in range(4000)]
    reached = [{each for each in callers if is_in("r", each, share)} for share in (0.0, 0.01, 0.25, 1.0)]
    assert reached[0] == set()
    assert reached[1] < reached[2] < reached[3] == set(callers)
    assert 0.22 < len(reached[2]) / 4000 < 0.28
    assert Counter(is_in("s", each, 0.25) for each in reached[2])[True] < len(reached[2]), "each route draws its own"


def test_rollouts_of_several_processes_move_as_one_in_whatever_order_they_want_to() -> None:
    asked: list[Move] = []
    told_of: list[AuditEvent] = []
    one, other = (
        Rollout("r", POLICY, 0.0, told_of.append, terms="t", origin=origin, decide=asked.append) for origin in (0, 1)
    )
    for each in (one, other):
        told(each, "baseline", GOOD, 10, 0)
    told(one, "canary", GOOD, 10, 61)
    told(other, "canary", BAD, 10, 61)
    assert (one.share, other.share) == (0.01, 0.01), "nothing moves before all are told"
    promoted, aborted = asked
    for each in (one, other):
        each.take(promoted, 62)
        each.take(aborted, 62)
    assert [(each.share, each.status.phase) for each in (one, other)] == [(0.25, "running")] * 2
    assert len(told_of) == 1, "whoever wanted it tells the auditor"

    late = Rollout("r", POLICY, 70.0, told_of.append, terms="t", origin=2, decide=asked.append)
    changed = Rollout("r", POLICY, 70.0, told_of.append, terms="u", origin=2, decide=asked.append)
    assert one.last is not None
    for each in (late, changed):
        each.take(one.last, 71)
        each.take(one.last, 71)
    assert (late.share, changed.share) == (0.25, 0.01)
    other.take(other.retreat("ann"), 72)
    assert other.last is not None
    late.take(other.last, 72)
    assert late.status.phase == "rolled_back"


def test_what_several_processes_saw_of_a_rollout_is_added_up() -> None:
    one, other = (Rollout("r", POLICY, 0.0, untold) for _ in range(2))
    told(one, "canary", GOOD, 2, 0)
    told(other, "canary", BAD, 3, 0)
    told(other, "baseline", Outcome(False, 2.0, empty=True), 4, 0)
    both = added(one.status, other.status)
    assert both.canary == Tally(calls=5, errors=3, seconds=2.0)
    assert both.baseline == Tally(calls=4, empty=4, seconds=8.0)
    assert both.phase == "running"


class Kept:
    """A place in memory, of which `away` seconds pass before anybody begins anew."""

    def __init__(self) -> None:
        self.kept: tuple[Standing, float] | None = None
        self.away = 0.0

    def keep(self, step: int, phase: Phase, known: Tally, reason: str | None) -> None:
        self.kept = Standing(step=step, phase=phase, at=0.0, known=known, reason=reason), self.away


def seen(rollout: Rollout, now: float, canary: Outcome = GOOD, baseline: Outcome = GOOD) -> None:
    for _ in range(POLICY.min_calls):
        rollout.observe("baseline", baseline, now)
        rollout.observe("canary", canary, now)


def test_whoever_begins_anew_goes_on_where_it_was_and_the_time_away_counts_for_the_step():
    place = Kept()
    first = Rollout("r", POLICY, 0.0, untold, place)
    seen(first, 60.0)
    assert first.status.step == 1
    place.away = 45.0
    place.keep(1, "running", Tally(), None)
    second = Rollout("r", POLICY, 1000.0, untold, place)
    assert (second.status.step, second.status.phase, second.share) == (1, "running", 0.25)
    seen(second, 1014.0)
    assert second.status.step == 1
    seen(second, 1015.0)
    assert second.status.step == 2


def test_the_baseline_of_earlier_steps_is_known_after_a_restart_too():
    place = Kept()
    first = Rollout("r", POLICY, 0.0, untold, place)
    seen(first, 60.0)
    first.take(first.promotion("test"), 61.0)
    second = Rollout("r", POLICY, 100.0, untold, place)
    for _ in range(POLICY.min_calls):
        second.observe("canary", Outcome(False, 9.0), 101.0)
    assert second.status.phase == "aborted"
    assert "9 s on average, the baseline takes 1 s" in str(second.status.reason)


@pytest.mark.parametrize("end", ["aborted", "rolled_back", "done"])
def test_what_was_decided_stays_decided(end: Phase):
    place = Kept()
    first = Rollout("r", POLICY, 0.0, untold, place)
    match end:
        case "aborted":
            seen(first, 1.0, canary=BAD)
        case "rolled_back":
            first.take(first.retreat("test"), 1.0)
        case _:
            for _ in range(3):
                first.take(first.promotion("test"), 1.0)
    second = Rollout("r", POLICY, 0.0, untold, place)
    for now in (1.0, 1_000.0):
        seen(second, now)
        assert (second.status.phase, second.share) == (end, 1.0 if end == "done" else 0.0)
