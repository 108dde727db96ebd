"""Who is asked first, by each strategy."""

from collections import Counter
from random import Random

import pytest
from made import Moment, asked, card, route, routes, target
from msgspec import structs

from lockgate_core.routing import CALM, Candidate, Route, plan

THREE = ("a/m", "b/m", "c/m")


def order(strategy: str, vitals=CALM, candidates=None, **more) -> list[str]:
    made = route("r", *THREE, strategy=strategy, **more)
    if candidates:
        made = structs.replace(made, candidates=candidates)
    return [str(each) for each in plan(asked(), routes(made), vitals).targets]


def weighted(*weights: float) -> tuple[Candidate, ...]:
    return tuple(Candidate(target(name), weight) for name, weight in zip(THREE, weights, strict=True))


def test_ordered_asks_in_the_order_of_the_settings():
    assert order("ordered") == list(THREE)


def test_weighted_draws_by_weight_and_asks_weight_nought_last():
    chance = Random(7)
    drawn = Counter(tuple(order("weighted", Moment([chance.random() for _ in range(3)]), weighted(3, 1, 0)))
                    for _ in range(2000))  # fmt: skip
    assert set(drawn) == {("a/m", "b/m", "c/m"), ("b/m", "a/m", "c/m")}
    assert 0.70 < drawn["a/m", "b/m", "c/m"] / 2000 < 0.80


def test_round_robin_takes_turns():
    moment = Moment()
    assert [order("round_robin", moment)[0] for _ in range(4)] == ["a/m", "b/m", "c/m", "a/m"]


def test_least_busy_asks_where_fewest_calls_run_and_spreads_over_equals():
    assert order("least_busy", Moment(in_flight={"a/m": 2, "b/m": 1}))[0] == "c/m"
    assert {order("least_busy", Moment([roll]))[0] for roll in (0.0, 0.4, 0.8)} == set(THREE)


def test_fastest_takes_the_quicker_of_two_and_counts_what_runs_there():
    quick = {"a/m": 0.2, "b/m": 0.5, "c/m": 0.9}
    assert order("fastest", Moment([0.0, 0.0], latency=quick)) == ["a/m", "b/m", "c/m"]
    assert order("fastest", Moment([0.4, 0.0], latency=quick)) == ["b/m", "a/m", "c/m"], "a was not drawn"
    assert order("fastest", Moment([0.0, 0.0], latency=quick, in_flight={"a/m": 4}))[0] == "b/m"


def test_fastest_tries_the_unknown_once_at_a_time():
    quick = {"a/m": 0.2, "b/m": 0.5}
    assert order("fastest", Moment([0.4, 0.0], latency=quick))[0] == "c/m"
    assert order("fastest", Moment([0.4, 0.0], latency=quick, in_flight={"c/m": 1}))[0] == "b/m"


def test_usage_asks_where_most_room_is_left():
    assert order("usage", Moment(room={"a/m": 0.1, "b/m": 0.7, "c/m": 0.4})) == ["b/m", "c/m", "a/m"]


def test_cheapest_asks_by_price_and_those_without_one_last():
    prices = {"b/m": card(dollars=2), "c/m": card(dollars=0)}
    assert order("cheapest", cards=prices) == ["c/m", "b/m", "a/m"]


@pytest.mark.parametrize(
    "strategy", ["ordered", "weighted", "round_robin", "least_busy", "fastest", "usage", "cheapest"]
)
def test_a_target_whose_breaker_is_open_comes_last_and_none_is_lost(strategy: str):
    found = order(strategy, Moment(rests={"a/m": 3.0}))
    assert found[-1] == "a/m"
    assert sorted(found) == sorted(THREE)


def test_targets_of_a_route_that_are_not_active_are_dropped():
    candidates = (Candidate(target("a/m"), status="draining"), Candidate(target("b/m")))
    decided = plan(asked(), routes(Route("r", candidates)), CALM)
    assert [str(each) for each in decided.targets] == ["b/m"]
    assert [(str(each.target), each.why) for each in decided.dropped] == [("a/m", "status")]
