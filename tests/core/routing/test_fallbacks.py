"""Who stands in, and after which errors."""

import pytest
from fakes import ANSWER, Bench, FakeModel
from made import asked, card, route, routes

from lockgate_core.routing import CALM, plan
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import user


def failing(kind: str) -> FakeModel:
    return FakeModel(UpstreamError("no", kind=kind))


def names(targets) -> list[str]:
    return [str(each) for each in targets]


def test_fallbacks_come_after_the_targets_with_their_own_fallbacks_and_each_once():
    known = routes(
        route("r", "a/m", fallbacks=("s", "b/x")), route("s", "b/m", "a/m", fallbacks=("t",)), route("t", "c/m")
    )
    assert names(plan(asked(), known, CALM).targets) == ["a/m", "b/m", "c/m", "b/x"]


def test_fallbacks_are_judged_as_all_others_are():
    known = routes(
        route("r", "a/m", fallbacks=("s",)),
        route("s", "b/m", "c/m", cards={"b/m": card(context_tokens=1)}),
    )
    assert names(plan(asked(messages=(user("x" * 100),)), known, CALM).targets) == ["a/m", "c/m"]


def test_a_request_that_is_surely_too_long_goes_to_the_larger_model_at_once():
    known = routes(route("r", "a/m", cards={"a/m": card(context_tokens=10)}, by_class={"context_length": ("b/large",)}))
    decided = plan(asked(messages=(user("x" * 100),)), known, CALM)
    assert names(decided.targets) == ["b/large"]
    assert names(plan(asked(), known, CALM).targets) == ["a/m"]


async def test_those_of_a_class_take_over_after_an_error_of_that_class():
    bench = Bench(a=failing("context_length"), b=failing("fatal"), c=FakeModel(ANSWER),
                  by_class={"context_length": ("c/large",)})  # fmt: skip
    answer = await bench.ask()
    assert str(answer.served.target) == "c/large"
    assert not bench.models["b"].attempts


async def test_without_any_of_the_class_a_request_that_is_bad_everywhere_stops():
    for by_class in ({}, {"content_filter": ()}):
        bench = Bench(a=failing("content_filter"), b=FakeModel(ANSWER), by_class=by_class)
        with pytest.raises(UpstreamError) as caught:
            await bench.ask()
        assert caught.value.kind == "content_filter"
        assert not bench.models["b"].attempts


async def test_an_empty_list_means_that_nobody_stands_in():
    bench = Bench(a=failing("quota"), b=FakeModel(ANSWER), by_class={"quota": ()})
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    assert caught.value.kind == "quota"


async def test_a_rate_limit_is_not_waited_out_where_somebody_stands_in():
    bench = Bench(a=failing("rate_limit"), c=FakeModel(ANSWER), by_class={"rate_limit": ("c/m",)})
    await bench.ask()
    assert len(bench.models["a"].attempts) == 1
    assert bench.clock.slept == []


async def test_when_nobody_helps_the_first_error_is_told_and_no_target_is_asked_twice():
    classes = {"context_length": ("b/m", "a/m"), "transient": ("a/m",)}
    bench = Bench(a=failing("context_length"), b=failing("transient"), by_class=classes)
    with pytest.raises(UpstreamError) as caught:
        await bench.ask()
    assert caught.value.kind == "context_length"
    assert len(bench.models["a"].attempts) == 1
