"""What the simulations show, held to in short ones."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import canary
import latency
import outage
import slowing


def test_an_outage_is_not_amplified_by_retries_within_the_budget():
    during = {}
    for way in outage.WAYS:
        asked, outcomes = outage.simulate(way, 60.0)
        calls = sum(outage.DOWN[0] <= each.at for each in outcomes)
        during[way] = sum(outage.DOWN[0] <= at for at in asked) / calls
    unbounded, budget, breaker = during.values()
    assert unbounded > 2.8
    assert budget < 1.25
    assert breaker < 0.2


def test_hedging_shortens_the_tail_within_its_budget():
    plain, _ = latency.simulate("no hedging", 200.0)
    some, few = latency.simulate("hedging, budget 2 %", 200.0)
    most, more = latency.simulate("hedging, budget 5 %", 200.0)
    assert few <= 0.02 + 2 / len(some)
    assert more <= 0.05 + 2 / len(most)
    assert p99(some) < 0.7 * p99(plain)
    assert p99(most) < 0.4 * p99(plain)


def test_an_adaptive_limit_keeps_a_slow_provider_answering_and_costs_little_while_it_is_quick():
    ran, answered = {}, {}
    for way in slowing.WAYS:
        seen, outcomes = slowing.simulate(way, 110.0)
        ran[way] = max(running for at, running in seen if at > 90)
        quick = [each for each in outcomes if each.at < slowing.SLOW[0]]
        slow = [each for each in outcomes if 80 < each.at < 105]
        answered[way] = (sum(each.answered for each in part) / len(part) for part in (quick, slow))
    assert ran["any number"] > 300
    assert ran["fixed: 40"] == 40
    assert ran["adaptive"] < 25
    for way, (quick, slow) in answered.items():
        assert quick > 0.95
        assert slow > 0.3 or way == "any number"


def test_a_canary_that_goes_bad_is_taken_back_to_the_last_good_step_before_most_callers_meet_it():
    slow, most = {}, {}
    for way in canary.WAYS:
        shares, outcomes = canary.simulate(way, 270.0)
        after = [each for each in outcomes if each.at >= canary.BAD]
        slow[way] = sum(each.took > canary.SLOW for each in after) / len(after)
        most[way] = [100 * share for _, share in shares]
        assert all(each.answered for each in outcomes)
    free, bound = canary.WAYS
    assert most[free] == [1, 5, 25, 100]
    assert most[bound] == [1, 5, 25, 5]
    assert slow[free] > 0.3
    assert slow[bound] < 0.08


def p99(took: list[float]) -> float:
    return took[int(len(took) * 0.99)]
