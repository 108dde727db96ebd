"""Answers of which a few take very long, with and without hedging."""

import random

from sim_world import Actor, Bench, crowd, run, virtual_clock

from lockgate_core.terms import HedgePolicy, Terms

SECONDS, RATE = 600.0, 20.0
WAYS = {"no hedging": None, "hedging, budget 2 %": HedgePolicy(0.02), "hedging, budget 5 %": HedgePolicy(0.05)}


def behaviour(_: float, luck: random.Random) -> float:
    if luck.random() < 0.02:
        return luck.paretovariate(1.2) * 4.0
    return luck.lognormvariate(-0.9, 0.35)


def simulate(way: str, seconds: float = SECONDS) -> tuple[list[float], float]:
    """How long the answers took, in seconds, and how many more calls were made for each."""

    async def play() -> tuple[list[float], float]:
        luck = random.Random(2)
        actors = {name: Actor(behaviour, luck) for name in ("first", "second")}
        policy = WAYS[way]
        bench = Bench(clock=virtual_clock(), terms={"r": Terms(hedge=policy)}, **actors)
        outcomes = await crowd(bench, RATE, seconds, luck)
        asked = sum(len(actor.asked) for actor in actors.values())
        return sorted(each.took for each in outcomes if each.answered), asked / len(outcomes) - 1

    return run(play())
