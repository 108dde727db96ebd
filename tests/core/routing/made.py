"""Routes, cards and moments for the tests of routing."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lockgate_core.routing import Candidate, Pattern, Registered, Route, Routes
from lockgate_ports.cards import ModelCard, Price, Rates
from lockgate_ports.chat import ChatRequest
from lockgate_ports.context import Target
from lockgate_ports.parts import user
from lockgate_ports.wire import Request


def target(name: str) -> Target:
    return Target(*name.split("/", 1))


def route(name: str, *targets: str, cards: Mapping[str, ModelCard] | None = None, **more: Any) -> Route:
    return Route(name, tuple(Candidate(target(each), card=(cards or {}).get(each)) for each in targets), **more)


def routes(*named: Route, providers: Mapping[str, Registered] | Sequence[str] = "abc", **more: Any) -> Routes:
    known = providers if isinstance(providers, Mapping) else {name: Registered() for name in providers}
    return Routes(known, {each.name: each for each in named}, **more)


def pattern(regex: str, name: str, *targets: str) -> Pattern:
    return Pattern(re.compile(regex), route(name, *targets))


def asked(model: str = "r", body: bytes | None = None, **view: Any) -> Request[ChatRequest]:
    made = ChatRequest(model=model, **{"messages": (user("hi"),), **view})
    return Request(operation="chat", model=model, stream=False, body=body, view=None if body else made,
                   read=lambda: made)  # fmt: skip


def card(name: str = "m", dollars: int | None = None, **said: Any) -> ModelCard:
    if dollars is not None:
        rates = Rates(input=Decimal(dollars), output=Decimal(dollars))
        said["price"] = Price(rates=rates, source="settings", as_of="2026-11-20")
    return ModelCard(id=name, **said)


class Moment:
    """Vitals that say what they are told."""

    def __init__(self, rolls: Sequence[float] = (), **said: Mapping[str, Any]) -> None:
        self.rolls = list(rolls)
        self.said = said
        self.turns: dict[str, int] = {}

    def in_flight(self, target: Target) -> int:
        return self.said.get("in_flight", {}).get(str(target), 0)

    def latency(self, target: Target) -> float | None:
        return self.said.get("latency", {}).get(str(target))

    def rests(self, target: Target) -> float:
        return self.said.get("rests", {}).get(str(target), 0.0)

    def room(self, target: Target) -> float:
        return self.said.get("room", {}).get(str(target), 1.0)

    def turn(self, route: str) -> int:
        self.turns[route] = self.turns.get(route, -1) + 1
        return self.turns[route]

    def roll(self) -> float:
        return self.rolls.pop(0) if self.rolls else 0.0

    def share(self, route: str) -> float:
        return self.said.get("share", {}).get(route, 0.0)

    def forecast(self) -> "Moment":
        return self
