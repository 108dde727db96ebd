"""A target that the egress policy refuses is passed over, and nothing of it is touched."""

import pytest
from fakes import ANSWER, Bench, FakeModel

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.egress import Decision
from lockgate_ports.errors import EgressDenied, UpstreamError
from lockgate_ports.http import Purpose
from lockgate_ports.metrics import Note

EU = Caller(labels=(("residency", "eu"),))


class OnlyTo:
    """Calls with labels may go to these providers alone."""

    def __init__(self, *providers: str, shadow: bool = False) -> None:
        self._providers = providers
        self._shadow = shadow

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        refused = bool(purpose.labels) and provider_id not in self._providers
        return Decision(not refused or self._shadow, f"rule about {provider_id}", shadow=refused and self._shadow)


async def test_a_refused_target_is_passed_over_for_the_next_that_is_allowed() -> None:
    us, eu = FakeModel(ANSWER), FakeModel(ANSWER)
    bench = Bench(egress=OnlyTo("eu"), us=us, eu=eu)
    answer = await bench.ask(caller=EU)
    assert (answer.served.target.provider_id, answer.served.attempts) == ("eu", 1)
    assert us.attempts == []
    assert bench.notes == [Note("egress_denied", "us", "rule about us")]
    assert (await bench.ask()).served.target.provider_id == "us"


async def test_with_no_target_left_the_first_rule_is_named() -> None:
    bench = Bench(egress=OnlyTo(), us=FakeModel(ANSWER), eu=FakeModel(ANSWER))
    with pytest.raises(EgressDenied) as caught:
        await bench.ask(caller=EU)
    assert (caught.value.status, caught.value.code) == (403, "egress_denied")
    assert (caught.value.rule, caught.value.provider_id) == ("rule about us", "us")
    assert "rule about us" in caught.value.message
    assert bench.metrics.calls[-1].error == "egress_denied"


async def test_a_failure_of_the_allowed_target_is_not_tried_at_a_refused_one() -> None:
    us = FakeModel(ANSWER)
    bench = Bench(egress=OnlyTo("eu"), eu=FakeModel(UpstreamError("no", kind="fatal")), us=us)
    with pytest.raises(UpstreamError):
        await bench.ask(caller=EU)
    assert us.attempts == []


async def test_shadow_asks_the_target_and_notes_it() -> None:
    bench = Bench(egress=OnlyTo("eu", shadow=True), us=FakeModel(ANSWER), eu=FakeModel(ANSWER))
    assert (await bench.ask(caller=EU)).served.target.provider_id == "us"
    assert Note("egress_would_deny", "us", "rule about us") in bench.notes


async def test_what_a_caller_leaves_open_is_completed_by_the_settings() -> None:
    from lockgate_core.labels import completed

    default = Caller(tenant="acme", labels=(("residency", "eu"), ("class", "low")))
    assert completed(NOBODY, default) is default
    given = Caller(tenant="other", user="u", labels=(("class", "high"),))
    merged = Caller(tenant="other", user="u", labels=(("class", "high"), ("residency", "eu")))
    assert completed(given, default) == merged
    assert completed(EU, NOBODY) is EU


def test_an_explanation_names_what_the_policy_objects_to() -> None:
    from lockgate_core.eligibility import objections
    from lockgate_ports.context import Target

    objection = objections(OnlyTo("eu"))
    assert objection(Target("eu", "m"), EU.purpose) is None
    assert objection(Target("us", "m"), EU.purpose) == "is forbidden by the egress policy (rule about us)"
