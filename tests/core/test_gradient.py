"""A limit on calls at a time that is found out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockgate_core.slots import AdaptivePolicy, Gradient


def fed(gradient: Gradient, took: float, windows: int, now: float = 0.0, *, busy: bool = True, stream: bool = False):
    """So many windows of answers that each took so long."""
    for _ in range(windows):
        for _ in range(12):
            now += 0.1
            gradient.answered(took, gradient.limit if busy else 1, now, "stream" if stream else "chat")
    return now


def test_it_grows_while_answers_are_as_quick_as_usual_and_all_of_it_is_used():
    gradient = Gradient(AdaptivePolicy(start=10, most=40))
    fed(gradient, 0.5, 5)
    assert 12 <= gradient.limit <= 20
    fed(gradient, 0.5, 60, 100)
    assert gradient.limit == 40


def test_it_stays_where_callers_use_less_than_half_of_it():
    gradient = Gradient(AdaptivePolicy(start=10))
    fed(gradient, 0.5, 50, busy=False)
    assert gradient.limit == 10


def test_it_falls_when_answers_take_longer_than_usual_and_comes_back():
    gradient = Gradient(AdaptivePolicy(start=50))
    now = fed(gradient, 0.5, 20)
    before = gradient.limit
    now = fed(gradient, 3.0, 20, now)
    assert gradient.limit < before / 3
    fallen = gradient.limit
    fed(gradient, 0.5, 30, now)
    assert gradient.limit > 2 * fallen


def test_up_to_the_tolerance_slower_is_as_usual():
    gradient = Gradient(AdaptivePolicy(start=50, tolerance=2.0))
    now = fed(gradient, 0.5, 20)
    before = gradient.limit
    fed(gradient, 0.9, 20, now)
    assert gradient.limit > before


def test_streams_and_whole_answers_are_measured_apart():
    gradient = Gradient(AdaptivePolicy(start=20))
    now = 0.0
    for _ in range(20):
        now = fed(gradient, 0.2, 1, now, stream=True)
        now = fed(gradient, 20.0, 1, now, stream=False)
    assert gradient.limit > 20


def test_a_provider_without_room_cuts_it_by_a_fifth_once_for_all_calls_that_were_under_way():
    gradient = Gradient(AdaptivePolicy(start=20))
    for _ in range(10):
        gradient.pushed_back(0.5, 10.0)
    assert gradient.limit == 16
    gradient.pushed_back(0.5, 10.2)  # it set out before that
    assert gradient.limit == 16
    gradient.pushed_back(0.5, 10.6)
    assert gradient.limit == 12


def test_it_never_leaves_its_bounds():
    policy = AdaptivePolicy(start=5, least=3, most=7)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), st.floats(0, 1e4), st.floats(0, 10), st.booleans()), max_size=200))
    def check(acts):
        gradient, now = Gradient(policy), 0.0
        for answered, took, later, stream in acts:
            now += later
            if answered:
                gradient.answered(took, gradient.limit, now, "stream" if stream else "chat")
            else:
                gradient.pushed_back(took, now)
            assert 3 <= gradient.limit <= 7

    check()


@pytest.mark.parametrize("limit", [1, 3])
def test_a_small_limit_needs_as_few_answers_as_it_lets_through(limit):
    gradient = Gradient(AdaptivePolicy(start=limit))
    now = 0.0
    for _ in range(4 * limit):
        now += 1.5
        gradient.answered(1.0, limit, now, "chat")
    assert gradient.limit > limit
