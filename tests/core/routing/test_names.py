"""From the name of a model to who answers for it."""

import pytest
from made import asked, card, pattern, route, routes, target

from lockgate_core.routing import CALM, Registered, Size, plan
from lockgate_ports.errors import InvalidRequest, ModelNotFound, UpstreamError

ROUTES = routes(route("fast", "a/m", "b/x/y"), route("a/pinned", "b/m"), providers="ab")


def targets(name: str, known=ROUTES) -> list[str]:
    return [str(each) for each in plan(asked(name), known, CALM).targets]


def test_a_route_gives_its_targets_in_order():
    assert targets("fast") == ["a/m", "b/x/y"]


def test_provider_and_model_can_be_asked_for_directly_and_the_model_may_hold_slashes():
    decided = plan(asked("b/org/model:7b"), ROUTES, CALM)
    assert (decided.route, decided.targets) == ("b/org/model:7b", (target("b/org/model:7b"),))


def test_a_route_named_like_a_target_goes_before_it():
    assert targets("a/pinned") == ["b/m"]


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
        targets(name)
    assert caught.value.status == 404
    assert caught.value.code == "model_not_found"
    assert hint in caught.value.message


def test_a_very_long_name_is_not_echoed_whole():
    for name in ("x" * 100_000, "a" * 50_000 + "/" + "b" * 50_000):
        with pytest.raises(ModelNotFound) as caught:
            targets(name)
        assert len(caught.value.message) < 400


def test_names_patterns_tasks_sizes_targets_catalogues_prefixes_and_the_rest_in_this_order():
    small, code = route("small", "a/small"), route("coder", "a/code")
    known = routes(
        route("claude-fast", "a/exact"),
        small,
        code,
        patterns=[pattern("claude-.*", "claudes", "a/{model}"), pattern(r"b/old-(?P<n>\d)", "old", "b/new-{n}")],
        tasks=[(frozenset({"code"}), code)],
        sizes=[(Size.read("< 8B"), small)],
        otherwise=route("rest", "a/rest"),
        providers={"a": Registered(), "b": Registered(cards={"gpt-x": card()}), "c": Registered(prefixes=("gpt-",))},
    )
    assert targets("claude-fast", known) == ["a/exact"]
    assert targets("claude-opus", known) == ["a/claude-opus"]
    assert targets("b/old-3", known) == ["b/new-3"]
    assert targets("b/old-33", known) == ["b/old-33"], "a pattern matches the whole name"
    assert targets("task:code", known) == ["a/code"]
    assert targets("size:7B", known) == ["a/small"]
    assert targets("gpt-x", known) == ["b/gpt-x"], "a catalogue goes before a prefix"
    assert targets("gpt-y", known) == ["c/gpt-y"]
    assert targets("task:vision", known) == targets("size:70B", known) == targets("nonsense", known) == ["a/rest"]


def test_a_task_is_answered_by_the_route_that_does_least_besides():
    both, one = route("both", "a/both"), route("one", "a/one")
    known = routes(both, one, tasks=[(frozenset({"code", "vision"}), both), (frozenset({"code"}), one)])
    assert targets("task:code", known) == ["a/one"]
    assert targets("task:vision,code", known) == ["a/both"]


@pytest.mark.parametrize(
    "providers",
    [
        {"a": Registered(cards={"gpt-x": card()}), "b": Registered(cards={"gpt-x": card()})},
        {"a": Registered(prefixes=("gpt-",)), "b": Registered(prefixes=("gpt-",))},
    ],
)
def test_a_name_that_two_providers_claim_is_refused_with_both(providers):
    with pytest.raises(InvalidRequest, match=r"a and b; ask for 'a/gpt-x' or 'b/gpt-x'") as caught:
        targets("gpt-x", routes(providers=providers))
    assert caught.value.code == "ambiguous_model"


def test_the_longest_prefix_owns_a_name():
    known = routes(providers={"a": Registered(prefixes=("gpt-",)), "b": Registered(prefixes=("gpt-oss",))})
    assert targets("gpt-oss-20b", known) == ["b/gpt-oss-20b"]


def test_a_provider_that_is_not_active_claims_no_bare_name():
    known = routes(providers={"a": Registered("testing", cards={"x": card()}), "b": Registered(cards={"x": card()})})
    assert targets("x", known) == ["b/x"]
    assert targets("a/x", known) == ["a/x"], "one in testing answers whoever asks for it"


def test_a_drained_provider_gets_no_call_and_a_disabled_one_is_not_there():
    known = routes(providers={"a": Registered("draining"), "b": Registered("disabled")})
    with pytest.raises(UpstreamError, match="being drained") as caught:
        targets("a/m", known)
    assert (caught.value.status, caught.value.sent) == (503, False)
    with pytest.raises(ModelNotFound, match="is disabled"):
        targets("b/m", known)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("< 8B", [0.5, 7.9], [8, 70]), ("8B - 13B", [8, 13], [7.9, 13.1]), (">13b", [13.1, 405], [13])],
)
def test_sizes(text: str, inside: list[float], outside: list[float]):
    size = Size.read(text)
    assert all(size.holds(each) for each in inside)
    assert not any(size.holds(each) for each in outside)


@pytest.mark.parametrize("text", ["8", "8B", "13B - 8B", "<= 8B", "small", "8B-", ""])
def test_what_is_no_size(text: str):
    with pytest.raises(ValueError, match="a size is written"):
        Size.read(text)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [("< 8B", "8B - 13B", False), ("8B - 13B", "> 13B", False), ("< 9B", "8B - 13B", True),
     ("8B - 13B", "13B - 70B", True), ("< 8B", "> 8B", False), ("< 8B", "< 3B", True)],
)  # fmt: skip
def test_sizes_that_overlap(one: str, other: str, overlap: bool):
    assert Size.read(one).overlaps(Size.read(other)) is Size.read(other).overlaps(Size.read(one)) is overlap
