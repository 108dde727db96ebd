"""What is explained is what is done."""

from decimal import Decimal
from random import Random
from typing import Any

from fakes import ANSWER, Anywhere, FakeClock, FakeMetrics, FakeModel, provider, source
from msgspec import Raw

from lockgate_core.attempts import Attempts
from lockgate_core.breaker import BreakerPolicy
from lockgate_core.budget import BudgetPolicy
from lockgate_core.eligibility import Eligibility
from lockgate_core.engine import Engine
from lockgate_core.explain import Explainer
from lockgate_core.live_vitals import LiveVitals
from lockgate_core.retry import RetryPolicy
from lockgate_core.rollout import Rollout, RolloutPolicy, Rollouts
from lockgate_core.routing import Candidate, Registered, Route, Routes
from lockgate_ports.cards import ModelCard, Price, Rates
from lockgate_ports.chat import ChatRequest, FunctionTool, ResponseFormat
from lockgate_ports.context import Target
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.parts import Image, UrlSource, user
from lockgate_ports.wire import Request

RUNS = 10_000
ROLLOUTS = Rollouts({"r": Rollout("r", RolloutPolicy(steps=(40.0,), hold=1e9, min_calls=10**9), 0.0, lambda _: None)})
STRATEGIES = ("ordered", "weighted", "round_robin", "least_busy", "fastest", "usage", "cheapest")
KINDS = ("transient", "rate_limit", "context_length", "timeout", "overloaded")


class Dice:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.roll = chance.random

    def fork(self) -> "Dice":
        copied = Random()
        copied.setstate(self.chance.getstate())
        return Dice(copied)


def some_card(chance: Random, name: str) -> ModelCard:
    dollars = chance.choice([None, 1, 2, 3])
    price = None
    if dollars is not None:
        rates = Rates(input=Decimal(dollars), output=Decimal(dollars))
        price = Price(rates=rates, source="settings", as_of="2026-11-20")
    return ModelCard(
        id=name,
        price=price,
        tools=chance.choice([None, True, False]),
        structured_output=chance.choice([None, False]),
        inputs=chance.choice([None, ("text",), ("text", "image")]),
        context_tokens=chance.choice([None, 20, 100_000]),
    )


def some_request(chance: Random, model: str) -> Request[ChatRequest]:
    parts: list[Any] = ["hi" * chance.choice([1, 100])]
    if chance.random() < 0.2:
        parts.append(Image(UrlSource("https://example.com/x.png")))
    view = ChatRequest(
        model=model,
        messages=(user(*parts),),
        tools=(FunctionTool("f"),) if chance.random() < 0.2 else (),
        response_format=ResponseFormat("json_schema", Raw(b"{}")) if chance.random() < 0.2 else None,
    )
    return Request(operation="chat", model=model, stream=False, view=view)


class World:
    """Some routes over some providers, each of which fails in a way of its own, or answers."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        names = ["a", "b", "c", "d"]
        cards = {name: {m: some_card(chance, m) for m in ("m", "n") if chance.random() < 0.7} for name in names}
        self.providers = {
            name: provider(
                name,
                FakeModel(ANSWER if chance.random() < 0.4 else UpstreamError("no", kind=chance.choice(KINDS))),
                sources=(source(f"env:{name}"),),
                breaker=BreakerPolicy(failures=chance.choice([1, 8]), open_for=5),
                budget=BudgetPolicy(reserve=0),
            )
            for name in names
        }
        registered = {
            name: Registered(chance.choice(["active", "active", "active", "testing", "draining"]), cards[name])
            for name in names
        }
        bare = Routes(registered)
        named = {}
        for name in ("r", "s", "t"):
            every = [Target(p, m) for p in names for m in ("m", "n")]
            targets = chance.sample(every, chance.randint(1, 5))
            candidates = tuple(bare.candidate(each, chance.choice([0.5, 1, 4])) for each in targets)
            canary = (bare.candidate(chance.choice(every)),) if name == "r" and chance.random() < 0.5 else ()
            classes = {kind: ("t",) for kind in KINDS if name != "t" and chance.random() < 0.2}
            stand_ins = () if name == "t" else (chance.choice(["t", "a/x"]),)
            named[name] = Route(name, candidates, chance.choice(STRATEGIES), stand_ins, classes, canary)
        self.routes = Routes(registered, named)
        self.clock = FakeClock()
        self.vitals = LiveVitals(self.providers, self.clock, Dice(Random(chance.random())), ROLLOUTS, self.room)
        attempts = Attempts(
            self.providers, Eligibility(Anywhere(), [].append), RetryPolicy(max_attempts=1), self.clock, lambda: 0.5
        )
        self.metrics = FakeMetrics()
        self.engine = Engine(self.routes, self.vitals, ROLLOUTS, (), attempts, self.metrics, self.clock)
        self.explainer = Explainer(self.routes, self.vitals, self.providers, RetryPolicy(max_attempts=1))

    def room(self, target: Target) -> float:
        return len(str(target)) / (10 + self.clock.now() % 7)

    async def run(self) -> None:
        request = some_request(self.chance, self.chance.choice(["r", "s", "t", "a/m", "nobody", "m"]))
        said = self.explainer.explain(request)
        assert said == self.explainer.explain(request), "explaining changes nothing"
        before = len(self.metrics.calls)
        instead = [Target(*name.split("/", 1)) for names in said.otherwise.values() for name in names]
        shut = {str(target): self.vitals.rests(target) for target in instead}
        error: LockgateError | None = None
        try:
            await self.engine.answer(request, request_id="req_1")
        except LockgateError as failed:
            error = failed
        call = self.metrics.calls[before]
        done = [(each.provider_id, each.model, each.key) for each in call.attempts]
        if said.error is not None:
            assert error is not None
            assert (error.message, error.code, done) == (said.error, said.code, [])
            return
        assert done == self.foretold(said, call, shut), (said, call)
        self.clock.pass_time(self.chance.choice([0.0, 0.1, 1.0, 8.0]))

    def foretold(self, said: Any, call: Any, shut: dict[str, float]) -> list[tuple[str, str, str]]:
        """The explained targets in order, as far as what the providers say leads; an open breaker is passed over."""
        asked: list[tuple[str, str, str]] = []
        queue = [(each.target, each.breaker_open_for, each.keys[0]) for each in said.targets]
        gone: set[str] = set()
        while queue:
            name, resting, key = queue.pop(0)
            provider_id, model = name.split("/", 1)
            gone.add(name)
            if resting > 0:
                continue
            asked.append((provider_id, model, key))
            error = call.attempts[len(asked) - 1].error if len(asked) <= len(call.attempts) else "unasked"
            if error is None:
                break
            kind = error.removeprefix("upstream_")
            if (instead := said.otherwise.get(kind)) is not None:
                queue = [(each, shut.get(each, 0.0), f"env:{each[0]}") for each in instead if each not in gone]
            elif kind == "context_length":
                break
        return asked


async def test_what_is_explained_is_what_is_done_in_ten_thousand_runs() -> None:
    chance = Random(20261120)
    done = 0
    while done < RUNS:
        world = World(chance)
        for _ in range(50):
            await world.run()
            done += 1


def test_an_explanation_tells_keys_times_prices_and_what_is_needed() -> None:
    rates = Rates(input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3"))
    known = ModelCard(id="m", price=Price(rates=rates, source="settings", as_of="2026-11-20"))
    providers = {"a": provider("a", FakeModel(ANSWER), sources=(source("env:K1"), source("env:K2")))}
    routes = Routes(
        {"a": Registered(cards={"m": known})},
        {"r": Route("r", (Candidate(Target("a", "m"), card=known), Candidate(Target("a", "n"), status="draining")))},
    )
    clock = FakeClock()
    vitals = LiveVitals(providers, clock, Dice(Random(1)), ROLLOUTS)
    view = ChatRequest(model="r", messages=(user("x" * 600),), max_tokens=1000, tools=(FunctionTool("f"),))
    said = Explainer(routes, vitals, providers, RetryPolicy()).explain(
        Request(operation="chat", model="r", stream=False, body=b"x" * 2000, view=view)
    )
    (asked,) = said.targets
    assert asked.keys == ("env:K1", "env:K2")
    assert (asked.timeouts.attempt, asked.max_attempts) == (300, 3)
    assert asked.price is not None
    assert asked.price.least == Decimal("0.00003")
    assert asked.price.most == Decimal("0.021")
    assert said.needs is not None
    assert said.needs.tools
    assert [(each.target, each.why) for each in said.dropped] == [("a/n", "status")]
