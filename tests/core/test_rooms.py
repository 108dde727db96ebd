"""What is left under the limits of a target, as routing sees it."""

from lockgate_core.limits import Rooms
from lockgate_ports.limits import Claim, Grant, Limit, Standing

PARALLEL = Limit("provider:a", "in_flight", 4, None)
TOKENS = Limit("model:a/m", "tokens", 1000, 60)


def test_the_least_that_is_left_counts_until_its_time_is_over():
    rooms = Rooms()
    assert rooms.of((PARALLEL, TOKENS), 0.0) == 1.0
    rooms.saw((Standing(PARALLEL, 3, None), Standing(TOKENS, 100, 30.0)), 0.0)
    assert rooms.of((PARALLEL, TOKENS), 0.0) == 0.1
    assert rooms.of((PARALLEL,), 0.0) == 0.75
    assert rooms.of((PARALLEL, TOKENS), 30.0) == 0.75


def test_what_a_call_gives_back_is_there_again():
    rooms = Rooms()
    rooms.saw((Standing(PARALLEL, 0, None), Standing(TOKENS, 0, 30.0)), 0.0)
    rooms.settled(Grant((Claim(PARALLEL, 1), Claim(TOKENS, 900)), ()), (0, 400))
    assert rooms.of((PARALLEL,), 0.0) == 0.25
    assert rooms.of((TOKENS,), 0.0) == 0.5


def test_a_limit_that_refuses_nothing_takes_no_room():
    rooms = Rooms()
    shadow = Limit("provider:a", "requests", 10, 60, shadow=True)
    rooms.saw((Standing(shadow, 0, 30.0),), 0.0)
    assert rooms.of((shadow,), 0.0) == 1.0
