"""Who goes first: what a client may ask for, and what it has when it asks for nothing."""

import pytest

from lockgate_core.priority import PriorityPolicy
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.errors import Forbidden, InvalidRequest

HIGH, LOW = Caller(priority="high"), Caller(priority="low")


@pytest.mark.parametrize(
    ("asked", "profile", "caller", "has"),
    [
        (None, None, NOBODY, "normal"),
        ("low", None, NOBODY, "low"),
        (None, "low", NOBODY, "low"),
        ("normal", "low", NOBODY, "normal"),
        (None, None, HIGH, "high"),
        ("low", None, HIGH, "low"),
        (None, "normal", HIGH, "normal"),
        (None, None, LOW, "low"),
        (None, "high", LOW, "low"),
        (None, "high", NOBODY, "normal"),
    ],
)
def test_the_client_counts_most_then_its_profile_then_its_key_and_the_key_bounds_them_all(asked, profile, caller, has):
    assert PriorityPolicy().of(asked, profile, caller) == has


def test_what_settings_allow_holds_for_callers_without_a_key_of_their_own():
    open_to_all = PriorityPolicy(default="low", most="high")
    assert open_to_all.of(None, None, NOBODY) == "low"
    assert open_to_all.of("high", None, NOBODY) == "high"
    with pytest.raises(Forbidden):
        open_to_all.of("normal", None, LOW)


def test_nobody_raises_itself_and_a_word_that_means_nothing_is_refused():
    with pytest.raises(Forbidden, match="may not ask for the priority 'high'; the highest it may have is 'normal'"):
        PriorityPolicy().of("high", None, NOBODY)
    with pytest.raises(InvalidRequest, match="no priority 'urgent'; there are: low, normal, high"):
        PriorityPolicy().of("urgent", None, HIGH)
