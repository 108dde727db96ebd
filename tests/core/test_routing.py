"""Which targets answer for a name."""

import pytest

from lockgate_core.routing import Routes, plan
from lockgate_ports.context import Target
from lockgate_ports.errors import ModelNotFound

ROUTES = Routes({"fast": (Target("a", "m"), Target("b", "x/y")), "a/pinned": (Target("b", "m"),)}, ("a", "b"))


def test_a_route_gives_its_targets_in_order():
    assert plan("fast", ROUTES).targets == (Target("a", "m"), Target("b", "x/y"))


def test_provider_and_model_can_be_asked_for_directly_and_the_model_may_hold_slashes():
    decided = plan("b/org/model:7b", ROUTES)
    assert (decided.route, decided.targets) == ("b/org/model:7b", (Target("b", "org/model:7b"),))


def test_a_route_named_like_a_target_goes_before_it():
    assert plan("a/pinned", ROUTES).targets == (Target("b", "m"),)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("fats", "did you mean 'fast'?"),
        ("aa/m", "did you mean 'a/m'?"),
        ("zzz", "GET /v1/models"),
        ("a/", ""),
        ("/m", ""),
    ],
)
def test_an_unknown_name_is_refused_with_a_hint(name: str, hint: str):
    with pytest.raises(ModelNotFound) as caught:
        plan(name, ROUTES)
    assert caught.value.status == 404
    assert caught.value.code == "model_not_found"
    assert hint in caught.value.message


def test_a_very_long_name_is_not_echoed_whole():
    with pytest.raises(ModelNotFound) as caught:
        plan("x" * 100_000, ROUTES)
    assert len(caught.value.message) < 400
