"""In which order candidates are asked, by the strategy of their route."""

import math
from collections.abc import Sequence

from lockgate_core.routing.values import Candidate, Route
from lockgate_core.routing.vitals import Vitals
from lockgate_ports.cards import ModelCard

_UNTRIED = 1e6
"""What a call in flight costs where no answer has come yet, in seconds: the next call goes elsewhere until one has."""


def ordered(route: Route, candidates: Sequence[Candidate], vitals: Vitals) -> list[Candidate]:
    """The best first, the others behind it for when it fails; those whose breaker is open come last."""
    if len(candidates) < 2:
        return list(candidates)
    match route.strategy:
        case "ordered":
            found = list(candidates)
        case "weighted":
            found = _weighted(candidates, vitals)
        case "round_robin":
            found = _rotated(candidates, vitals.turn(route.name))
        case "least_busy":
            turned = _rotated(candidates, int(vitals.roll() * len(candidates)))
            found = sorted(turned, key=lambda each: vitals.in_flight(each.target))
        case "fastest":
            found = _fastest(candidates, vitals)
        case "usage":
            found = sorted(candidates, key=lambda each: (-vitals.room(each.target), vitals.in_flight(each.target)))
        case "cheapest":
            found = sorted(candidates, key=lambda each: blended_price(each.card))
    found.sort(key=lambda each: vitals.rests(each.target) > 0)
    return found


def blended_price(card: ModelCard | None) -> float:
    """US dollars for a million tokens, three of the prompt to one of the answer; infinite when it is not known."""
    if card is None or card.price is None:
        return math.inf
    rates = card.price.rates
    if rates.input is None or rates.output is None:
        return math.inf
    return float(3 * rates.input + rates.output) / 4


def _weighted(candidates: Sequence[Candidate], vitals: Vitals) -> list[Candidate]:
    """Drawn one by one without putting back; a weight of 0 is asked only when all others have failed."""
    left = [each for each in candidates if each.weight > 0]
    drawn: list[Candidate] = []
    while len(left) > 1:
        mark = vitals.roll() * sum(each.weight for each in left)
        place = 0
        while place < len(left) - 1 and mark >= left[place].weight:
            mark -= left[place].weight
            place += 1
        drawn.append(left.pop(place))
    return [*drawn, *left, *(each for each in candidates if each.weight <= 0)]


def _rotated(candidates: Sequence[Candidate], turn: int) -> list[Candidate]:
    place = turn % len(candidates)
    return [*candidates[place:], *candidates[:place]]


def _fastest(candidates: Sequence[Candidate], vitals: Vitals) -> list[Candidate]:
    """Two at random, of which the quicker is first: so one that looks quick is not asked by everybody at once."""
    count = len(candidates)
    one = int(vitals.roll() * count)
    other = (one + 1 + int(vitals.roll() * (count - 1))) % count
    costs = [_cost(each, vitals) for each in candidates]
    best = one if costs[one] <= costs[other] else other
    rest = sorted((place for place in range(count) if place != best), key=costs.__getitem__)
    return [candidates[best], *(candidates[place] for place in rest)]


def _cost(candidate: Candidate, vitals: Vitals) -> float:
    running = vitals.in_flight(candidate.target)
    latency = vitals.latency(candidate.target)
    return _UNTRIED * running if latency is None else latency * (running + 1)
