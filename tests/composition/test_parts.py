"""A part lives as long as deployments describe it alike, and follows the one that serves."""

from typing import Any

from lockgate.parts import LiveSecrets, Parts, Ties
from lockgate_ports.egress import Decision, EgressPolicyPort, EgressRequest
from lockgate_ports.http import Origin, Purpose
from lockgate_ports.secret import Secret

ASKED = EgressRequest("up", Origin("https", "api.example.com", 443))


class Policy:
    def __init__(self, allowed: bool) -> None:
        self.said = Decision(allowed, "test")

    def decide_provider(self, provider_id: str, purpose: Purpose) -> Decision:
        return self.said

    def decide(self, request: EgressRequest) -> Decision:
        return self.said

    def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
        return self.said


class Store:
    def __init__(self, value: str) -> None:
        self.value = value

    async def fetch(self, ref: str) -> Secret:
        return Secret(self.value)

    async def aclose(self) -> None:
        raise AssertionError


class Port:
    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


def taken(parts: Parts, key: object) -> Port:
    return parts.take("port", key, lambda _: Port(), Port.aclose)


async def test_what_is_described_alike_is_one_and_closed_with_its_last_deployment() -> None:
    first = Parts()
    port = taken(first, ("a", 1))
    second = first.successor()
    assert taken(second, ("a", 1)) is port
    assert not second.is_new("port")
    await first.aclose()
    assert port.closed == 0
    await second.aclose()
    assert port.closed == 1


async def test_what_is_described_otherwise_is_built_anew() -> None:
    first = Parts()
    port = taken(first, "a")
    second = first.successor()
    other = taken(second, "b")
    assert other is not port
    assert second.is_new("port")
    await first.aclose()
    assert (port.closed, other.closed) == (1, 0)


async def test_a_deployment_that_never_serves_takes_nothing_along() -> None:
    first = Parts()
    port = taken(first, "a")
    failed = first.successor()
    taken(failed, "a")
    other: Any = failed.take("more", 1, lambda _: Port(), Port.aclose)
    await failed.aclose()
    assert (port.closed, other.closed) == (0, 1)


async def test_a_part_that_lives_on_asks_the_policy_and_the_secrets_that_hold_then() -> None:
    first = Parts()
    one, two = (Policy(False), Store("one")), (Policy(True), Store("two"))

    def build(ties: Ties) -> tuple[EgressPolicyPort, LiveSecrets]:
        return ties.egress(one[0]), ties.secrets(one[1])

    egress, secrets = first.take("port", 1, build)
    second = first.successor()
    second.take("port", 1, build)
    assert not egress.decide(ASKED).allowed, "the old one serves still"
    second.tie(*two)
    assert egress.decide(ASKED).allowed
    assert egress.decide_address("up", "h", "1.1.1.1", 443).allowed
    assert (await secrets.fetch("env:X")).reveal() == "two"
