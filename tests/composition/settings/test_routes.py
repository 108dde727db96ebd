"""What is wrong with routes: each fault at its place, with what to do."""

from collections.abc import Callable

import pytest

from lockgate.settings import Fallbacks, Fault, Match, Route, RouteTarget, Settings
from lockgate.settings.patterns import covers

Faults = Callable[..., tuple[Fault, ...]]
TOP = "providers:\n  a: {kind: openai-compatible, base_url: http://h}\n  b: {kind: openai-compatible, base_url: http://h}\nroutes:\n"


def test_a_route_says_who_how_and_who_else(load: Callable[..., Settings]) -> None:
    text = """
  chat:
    strategy: weighted
    targets: [{target: a/x, weight: 3}, {target: a/y, status: draining}, b/z]
    fallbacks: {any: [small], context_length: [b/large], content_filter: []}
  small: {match: {size: < 8B}, targets: [a/s]}
  gpt: {match: {pattern: "gpt-(?P<v>.*)"}, targets: ["a/{model}", "b/gpt-{v}"]}
  coder: {match: {tasks: [code]}, strategy: cheapest}
  rest: {match: {any: true}, targets: [a/x], fallbacks: [chat]}
"""
    routes = load(TOP + text).routes
    rows = (RouteTarget(target="a/x", weight=3), RouteTarget(target="a/y", status="draining"), "b/z")
    assert routes["chat"].targets == rows
    assert routes["chat"].stand_ins == Fallbacks(any=("small",), context_length=("b/large",), content_filter=())
    assert routes["rest"].stand_ins == Fallbacks(any=("chat",))
    assert routes["coder"] == Route(match=Match(tasks=("code",)), strategy="cheapest")
    assert load(TOP + text) == load(TOP + text)


@pytest.mark.parametrize(
    ("rows", "line", "code", "said"),
    [
        ("  r: {match: {size: < 8B}, targets: [a/x]}\n  s: {match: {size: 7B - 9B}, targets: [a/x]}", 6, "ambiguous",
         'routes.s.match.size: overlaps with "< 8B" of the route "r"'),
        ("  r: {match: {size: 8}, targets: [a/x]}", 5, "wrong-type", "routes.r.match.size: expected a string"),
        ("  r: {match: {size: 8B}, targets: [a/x]}", 5, "bad-value", "a size is written `< 8B`"),
        ("  r: {match: {pattern: 'gpt.*'}, targets: [a/x]}\n  s: {match: {pattern: 'gpt-5.*'}, targets: [a/x]}", 6,
         "unreachable", 'routes.s.match: is never reached: the route "r" before it answers for all its names'),
        ("  gpt-5: {targets: [a/x]}\n  s: {match: {pattern: gpt-5}, targets: [a/x]}", 6, "unreachable",
         'the route "gpt-5" answers for its only name'),
        ("  r: {match: {any: true}, targets: [a/x]}\n  s: {match: {any: true}, targets: [a/x]}", 6, "unreachable",
         "answers for every name already"),
        ("  r: {match: {pattern: .*}, targets: [a/x]}\n  s: {match: {any: true}, targets: [a/x]}", 6, "unreachable",
         'the route "r" answers for every name'),
        ("  r: {match: {tasks: [a, b]}}\n  s: {match: {tasks: [b, a]}}", 6, "unreachable", "has the same tasks"),
        ("  r: {targets: [a/x], fallbacks: [s]}\n  s: {targets: [b/x], fallbacks: {quota: [r]}}", 5, "cycle",
         "routes.r.fallbacks: leads back to where it began: r -> s -> r; take one of these out"),
        ("  r: {targets: [a/x], fallbacks: [r]}", 5, "cycle", "r -> r"),
        ("  r: {targets: [a/x], fallbacks: [sml]}\n  small: {targets: [a/y]}", 5, "unknown-route",
         'routes.r.fallbacks[0]: there is no route "sml"; did you mean small?'),
        ("  r: {targets: [a/x], fallbacks: {timeout: [c/x]}}", 5, "unknown-provider",
         'routes.r.fallbacks.timeout[0]: there is no provider "c"'),
        ("  r: {targets: [a/x], fallbacks: {time_out: [b/x]}}", 5, "unknown-key", "did you mean timeout?"),
        ("  r: {strategy: weighted, targets: [{target: a/x, weight: 0}]}", 5, "bad-value", "all weights are 0"),
        ("  r: {targets: [{target: a/x, weight: 2}]}", 5, "bad-value", "weights mean nothing with strategy: ordered"),
        ("  r: {strategy: weighted, targets: [{target: a/x, weight: -1}]}", 5, "out-of-range", "must be at least 0"),
        ("  r: {strategy: fast, targets: [a/x]}", 5, "wrong-type", "did you mean fastest?"),
        ("  r: {targets: [a/x, b/x, a/x]}", 5, "bad-value", 'routes.r.targets[2]: "a/x" stands there twice'),
        ("  r: {targets: [{target: x}]}", 5, "bad-value", "routes.r.targets[0].target: a target is written"),
        ("  r: {}", 5, "missing-key", "routes.r: targets is missing"),
        ("  r: {match: {pattern: x}}", 5, "missing-key", "routes.r: targets is missing"),
        ("  r: {match: {}, targets: [a/x]}", 5, "bad-value", "routes.r.match: says nothing; say one of pattern"),
        ("  r: {match: {size: < 8B, any: true}, targets: [a/x]}", 5, "bad-value", "says size and any at once"),
        ("  r: {match: {pattern: 'gpt-('}, targets: [a/x]}", 5, "bad-value", "is no regular expression: missing ), "),
        ("  r: {match: {pattern: '*-mini'}, targets: [a/x]}", 5, "bad-value", "a `*` for anything is written `.*`"),
        ("  r: {targets: ['a/{model}']}", 5, "bad-value", "{model} stands for nothing; placeholders go with match"),
        ("  r: {match: {pattern: x.*}, targets: ['a/{modl}']}", 5, "bad-value", "known here: {model}"),
        ("  r: {match: {pattern: x.*}, targets: ['a/{model}']}\n  s: {targets: [a/x], fallbacks: [r]}", 6, "bad-value",
         "is filled in from the name that was asked for, and cannot stand in"),
        ("  r: {match: {any: false}, targets: [a/x]}", 5, "wrong-type", "routes.r.match.any: expected one of True"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_route(faults: Faults, rows: str, line: int, code: str, said: str) -> None:
    found = faults(TOP + rows)
    assert any((each.line, each.code) == (line, code) and said in str(each) for each in found), list(map(str, found))


def test_the_status_of_a_provider_is_one_of_four(faults: Faults) -> None:
    (fault,) = faults("providers: {a: {kind: openai-compatible, base_url: http://h, status: drainin}}")
    assert "did you mean draining?" in str(fault)


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ("gpt-.*", "gpt-5", True),
        ("gpt-.*", r"gpt-5\.1.*", True),
        ("gpt-.*", "gpt-", True),
        ("gpt-.+", "gpt-", False),
        ("gpt-.+", "gpt-.*", False),
        ("gpt-.*", "gpt.*", False),
        ("gpt-.*", "gpt-5|claude", False),
        ("gpt-.*", "gpt-5?", True),
        ("gpt-5.*", "gpt-5?", False),
        ("[a-z]+", "abc", True),
        ("[a-z]+", "[a-c]+", False),
        (".*", "(a|b)+", True),
    ],
)
def test_which_pattern_covers_which(earlier: str, later: str, covered: bool) -> None:
    assert covers(earlier, later) is covered
