"""When a target that keeps failing is left alone, and how it comes back."""

from lockgate_core.breaker import Breaker, BreakerPolicy, Breakers

POLICY = BreakerPolicy(failures=3, ratio=0.6, min_calls=10, window=30, open_for=2, max_open_for=10)
HALF = 0.5
"""The luck with which no time is added or taken."""


def opened(policy: BreakerPolicy = POLICY, now: float = 0.0) -> Breaker:
    breaker = Breaker(policy)
    for _ in range(policy.failures):
        fail(breaker, now)
    return breaker


def fail(breaker: Breaker, now: float, luck: float = HALF) -> None:
    era = breaker.admit(now)
    assert era is not None
    breaker.failed(era, now, luck)


def succeed(breaker: Breaker, now: float) -> None:
    era = breaker.admit(now)
    assert era is not None
    breaker.answered(era, now)


def test_failures_in_a_row_open_it_and_an_answer_in_between_does_not():
    breaker = Breaker(POLICY)
    for _ in range(2):
        fail(breaker, 0)
    succeed(breaker, 0)
    for _ in range(2):
        fail(breaker, 0)
    assert breaker.wait(0) == 0
    fail(breaker, 0)
    assert breaker.wait(0) == 2
    assert breaker.admit(1.9) is None


def test_a_share_of_failures_within_the_window_opens_it_once_there_were_enough_calls():
    breaker = Breaker(BreakerPolicy(failures=100, ratio=0.6, min_calls=10, window=30))
    for _ in range(4):
        succeed(breaker, 0)
    for _ in range(5):
        fail(breaker, 1)
    assert breaker.wait(1) == 0, "5 of 9: too few calls"
    fail(breaker, 29)
    assert breaker.wait(29) == 2, "6 of 10"


def test_fewer_failures_than_the_share_never_open_it():
    breaker = Breaker(BreakerPolicy(failures=100, ratio=0.6, min_calls=10, window=30))
    for _ in range(100):
        fail(breaker, 1)
        succeed(breaker, 1)
    assert breaker.wait(1) == 0


def test_what_is_older_than_the_window_is_forgotten():
    breaker = Breaker(BreakerPolicy(failures=100, ratio=0.5, min_calls=10, window=30))
    for _ in range(9):
        fail(breaker, 0)
    fail(breaker, 40)
    assert breaker.wait(40) == 0


def test_one_call_probes_and_its_answer_closes():
    breaker = opened()
    era = breaker.admit(2)
    assert era is not None
    assert breaker.admit(2) is None
    breaker.answered(era, 3)
    assert breaker.wait(3) == 0
    fail(breaker, 3)
    assert breaker.wait(3) == 0


def test_each_failed_probe_doubles_the_time_up_to_the_longest():
    breaker, now, waits = opened(), 0.0, []
    for _ in range(40):
        waits.append(breaker.wait(now))
        now += waits[-1]
        fail(breaker, now)
    assert [round(wait, 6) for wait in waits[:5]] == [2, 4, 8, 10, 10]
    assert round(waits[-1], 6) == 10


def test_the_time_is_a_fifth_more_or_less_by_chance():
    early, late = Breaker(POLICY), Breaker(POLICY)
    for _ in range(3):
        fail(early, 0, luck=0.0)
        fail(late, 0, luck=0.999)
    assert (early.wait(0), round(late.wait(0), 2)) == (1.6, 2.4)


def test_the_first_content_of_a_probe_closes_and_its_later_failure_does_not_open():
    breaker = opened()
    era = breaker.admit(2)
    breaker.proven(era)
    assert breaker.wait(2) == 0
    breaker.failed(era, 3, HALF)
    assert breaker.wait(3) == 0


def test_a_probe_that_is_left_lets_the_next_one_go_at_once():
    breaker = opened()
    breaker.left(breaker.admit(2))
    assert breaker.admit(2) is not None


def test_a_probe_that_takes_very_long_does_not_keep_the_target_shut():
    breaker = opened()
    assert breaker.admit(2) is not None
    assert breaker.admit(11.9) is None
    assert breaker.admit(12) is not None


def test_calls_from_before_it_opened_change_nothing():
    breaker = Breaker(POLICY)
    old = [breaker.admit(0) for _ in range(5)]
    for era in old[:3]:
        breaker.failed(era, 0, HALF)
    breaker.failed(old[3], 0, HALF)
    breaker.answered(old[4], 0)
    assert breaker.wait(0) == 2


def test_that_it_opened_and_that_it_closed_are_told_once_each() -> None:
    told: list[tuple[str, bool]] = []
    breaker = Breakers(POLICY, lambda model, opened: told.append((model, opened))).of("m")
    for _ in range(3):
        fail(breaker, 0)
    fail(breaker, 2)  # the probe: it stays open
    assert told == [("m", True)]
    succeed(breaker, 7)
    succeed(breaker, 8)
    assert told == [("m", True), ("m", False)]


def test_models_have_breakers_of_their_own_and_names_are_forgotten_beyond_a_bound():
    breakers = Breakers(POLICY)
    first = breakers.of("a")
    assert breakers.of("a") is first
    for number in range(1024):
        breakers.of(str(number))
    assert breakers.of("a") is not first
