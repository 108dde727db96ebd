"""Which data may go to which provider."""

import pytest

from lockgate.adapters.allow_list import AllowList, AllowListSettings
from lockgate.adapters.data_rules import DataRule
from lockgate_ports.egress import Allowance, Decision, EgressRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import NO_PURPOSE, Origin, Purpose

EU, US, LOCAL = (
    Origin("https", "eu.example", 443),
    Origin("https", "us.example", 443),
    Origin("http", "127.0.0.1", 8000),
)
ALLOWANCES = (
    Allowance(provider_id="eu", origins=(EU,), region="EU-West-1", retention="none", training=False),
    Allowance(provider_id="us", origins=(US,), region="us-east-1", retention=30, training=True),
    Allowance(provider_id="vague", origins=(Origin("https", "vague.example", 443),)),
    Allowance(provider_id="local", origins=(LOCAL,)),
    Allowance(provider_id="inside", origins=()),
    Allowance(provider_id="secrets-vault", origins=(Origin("https", "vault.example", 443),), calls=False),
)


def policy(*rules: DataRule, **more) -> AllowList:
    return AllowList(ALLOWANCES, AllowListSettings(rules=rules, **more))


def labelled(tenant: str | None = None, **labels: str) -> Purpose:
    return Purpose(tenant, tuple(labels.items()))


def allowed(gate: AllowList, purpose: Purpose) -> str:
    """The providers that may be given such a call; the transport must say the same of their origins."""
    found = []
    for each in ALLOWANCES:
        said = gate.decide_provider(each.provider_id, purpose)
        if said.allowed:
            found.append(each.provider_id)
        for origin in each.origins:
            assert gate.decide(EgressRequest(each.provider_id, origin, purpose)).allowed == said.allowed
    return " ".join(found)


EVERYONE = "eu us vague local inside secrets-vault"


def test_a_call_of_a_residency_goes_to_its_regions_alone() -> None:
    gate = policy(DataRule(when={"residency": "eu"}, regions=("eu-*",)))
    assert allowed(gate, labelled(residency="eu")) == "eu inside secrets-vault"
    assert allowed(gate, labelled(residency="us")) == EVERYONE
    assert allowed(gate, NO_PURPOSE) == EVERYONE
    denied = gate.decide_provider("us", labelled(residency="eu"))
    assert denied == Decision(False, "egress.rules[0]: the region us-east-1 is none of eu-*")
    assert gate.decide_provider("vague", labelled(residency="eu")).rule == "egress.rules[0]: vague declares no region"


@pytest.mark.parametrize("written", ["EU", " eu ", "Eu"])
def test_a_label_written_otherwise_does_not_slip_past(written: str) -> None:
    gate = policy(DataRule(when={"Residency": "eu"}, regions=("eu-*",)))
    assert allowed(gate, Purpose(None, (("RESIDENCY", written),))) == "eu inside secrets-vault"


def test_a_label_that_stands_there_twice_counts_with_each_value() -> None:
    gate = policy(DataRule(when={"residency": "eu"}, regions=("eu-*",)))
    both = Purpose(None, (("residency", "us"), ("residency", "eu")))
    assert allowed(gate, both) == "eu inside secrets-vault"


def test_a_class_of_data_goes_to_named_providers_alone_even_in_process() -> None:
    gate = policy(DataRule(name="top", when={"classification": ("secret", "top-*")}, providers=("local",)))
    assert allowed(gate, labelled(classification="secret")) == "local secrets-vault"
    assert allowed(gate, labelled(classification="top-secret")) == "local secrets-vault"
    assert allowed(gate, labelled(classification="public")) == EVERYONE
    assert gate.decide_provider("eu", labelled(classification="secret")).rule == "top: eu is none of its providers"


def test_retention_and_training_must_be_declared() -> None:
    assert allowed(policy(DataRule(retention="none")), NO_PURPOSE) == "eu inside secrets-vault"
    assert allowed(policy(DataRule(retention=30)), NO_PURPOSE) == "eu us inside secrets-vault"
    assert allowed(policy(DataRule(retention=29)), NO_PURPOSE) == "eu inside secrets-vault"
    assert allowed(policy(DataRule(training=False)), NO_PURPOSE) == "eu inside secrets-vault"


def test_all_rules_that_fit_count_and_all_labels_of_a_rule_must_be_there() -> None:
    gate = policy(
        DataRule(when={"tenant": "acme", "residency": "eu"}, regions=("eu-*",)),
        DataRule(when={"tenant": "acme"}, providers=("eu", "us")),
    )
    assert allowed(gate, labelled("acme", residency="eu")) == "eu secrets-vault"
    assert allowed(gate, labelled("acme")) == "eu us secrets-vault"
    assert allowed(gate, labelled("other", residency="eu")) == EVERYONE
    # the tenant is what the front door says it is, not a label
    assert allowed(gate, Purpose("acme", (("tenant", "other"), ("residency", "eu")))) == "eu secrets-vault"


def test_a_required_label_that_is_missing_refuses_everything() -> None:
    gate = policy(require=("residency",))
    assert allowed(gate, NO_PURPOSE) == "secrets-vault"
    assert allowed(gate, labelled(residency="us")) == EVERYONE


def test_shadow_lets_through_and_says_so() -> None:
    gate = policy(DataRule(when={"residency": "eu"}, regions=("eu-*",)), mode="shadow")
    assert allowed(gate, labelled(residency="eu")) == EVERYONE
    assert gate.decide_provider("us", labelled(residency="eu")).shadow
    assert not gate.decide_provider("eu", labelled(residency="eu")).shadow
    foreign = gate.decide(EgressRequest("us", EU))
    assert (foreign.allowed, foreign.shadow) == (True, True)
    assert not gate.decide_address("us", "us.example", "169.254.169.254", 443).allowed


def test_an_air_gap_leaves_loopback_and_named_hosts() -> None:
    gate = policy(mode="air-gap", allow=("eu.example",))
    assert allowed(gate, NO_PURPOSE) == "eu local inside"
    assert gate.decide(EgressRequest("us", US)).rule.startswith("air-gap: https://us.example")
    assert gate.decide_address("eu", "eu.example", "8.8.8.8", 443).allowed
    assert gate.decide_address("local", "127.0.0.1", "127.0.0.1", 8000).allowed
    assert not gate.decide_address("us", "us.example", "8.8.8.8", 443).allowed


def test_a_host_that_calls_itself_local_leads_nowhere_else_in_an_air_gap() -> None:
    gate = AllowList(
        [Allowance(provider_id="p", origins=(Origin("http", "localhost", 80),), private_addresses=("10.0.0.0/8",))],
        AllowListSettings(mode="air-gap"),
    )
    assert gate.decide_address("p", "localhost", "127.0.0.1", 80).allowed
    assert not gate.decide_address("p", "localhost", "10.0.0.1", 80).allowed
    assert not gate.decide_address("p", "localhost", "8.8.8.8", 80).allowed


def test_a_proxy_must_be_the_one_that_the_operator_named() -> None:
    proxy = Origin("http", "10.0.0.9", 3128)
    gate = AllowList([Allowance(provider_id="p", origins=(EU,), proxies=(proxy,))])
    assert gate.decide(EgressRequest("p", EU, proxy=proxy)).allowed
    assert not gate.decide(EgressRequest("p", US, proxy=proxy)).allowed
    assert not gate.decide(EgressRequest("p", EU, proxy=Origin("http", "10.0.0.8", 3128))).allowed
    assert not gate.decide(EgressRequest("p", proxy)).allowed, "it is a way, not a place to send requests to"
    assert gate.decide_address("p", "10.0.0.9", "10.0.0.9", 3128).allowed
    sealed = AllowList(
        [Allowance(provider_id="p", origins=(LOCAL,), proxies=(proxy,))], AllowListSettings(mode="air-gap")
    )
    assert not sealed.decide(EgressRequest("p", LOCAL, proxy=proxy)).allowed


def test_a_rule_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ValueError, match="asks for nothing"):
        DataRule(when={"residency": "eu"})
    with pytest.raises(ValueError, match="training: true"):
        DataRule(training=True)
    with pytest.raises(SettingsError, match="no provider 'nobody'"):
        policy(DataRule(providers=("nobody",)))
    with pytest.raises(SettingsError, match="no provider 'secrets-vault'"):
        policy(DataRule(providers=("secrets-vault",)))
