"""Where bytes may go: nowhere that nobody named."""

import time

import pytest

from lockgate.adapters.allow_list import AllowList, AllowListSettings
from lockgate_ports.egress import Allowance, EgressRequest
from lockgate_ports.errors import SettingsError
from lockgate_ports.http import Origin, split_url


def policy(*allow: str) -> AllowList:
    return AllowList(
        [
            Allowance(provider_id="openai", origins=(Origin("https", "api.openai.com", 443),)),
            Allowance(provider_id="local", origins=(Origin("http", "localhost", 8000),)),
            Allowance(provider_id="literal", origins=(Origin("http", "10.1.2.3", 80), Origin("http", "::1", 80))),
            Allowance(provider_id="metadata", origins=(Origin("http", "169.254.169.254", 80),)),
            Allowance(
                provider_id="private",
                origins=(Origin("https", "llm.corp", 443),),
                private_addresses=("10.0.0.0/8", "fc00::/7", "169.254.0.0/16"),
            ),
            Allowance(
                provider_id="brave",
                origins=(Origin("https", "llm.corp", 443),),
                private_addresses=("169.254.169.254/32",),
            ),
        ],
        AllowListSettings(allow=allow),
    )


def may(gate: AllowList, provider_id: str, url: str) -> bool:
    return gate.decide(EgressRequest(provider_id, split_url(url)[0])).allowed


def test_a_provider_may_be_asked_at_its_own_origins_alone() -> None:
    gate = policy()
    assert may(gate, "openai", "https://api.openai.com")
    assert may(gate, "openai", "https://API.OpenAI.com.")
    assert not may(gate, "openai", "http://api.openai.com:443")
    assert not may(gate, "openai", "https://api.openai.com:444")
    assert not may(gate, "openai", "https://evil.example")
    assert not may(gate, "openai", "http://localhost:8000")
    assert not may(gate, "nobody", "https://api.openai.com")


def test_the_rule_is_named() -> None:
    gate = policy("*.example.com")
    assert gate.decide(EgressRequest("openai", Origin("https", "api.openai.com", 443))).rule == "declared by openai"
    allowed = gate.decide(EgressRequest("openai", Origin("https", "a.example.com", 443)))
    assert allowed.rule == "egress.allow: *.example.com"
    denied = gate.decide(EgressRequest("openai", Origin("https", "evil.example", 443)))
    assert denied.rule == "default deny: https://evil.example is neither declared by openai nor in egress.allow"
    assert gate.decide_address("openai", "h", "127.0.0.1", 443).rule.startswith("loopback address; name its network")


@pytest.mark.parametrize(
    ("pattern", "url", "allowed"),
    [
        ("api.example.com", "https://api.example.com", True),
        ("API.Example.com", "https://api.example.com", True),
        ("api.example.com", "http://api.example.com", False),
        ("api.example.com", "http://api.example.com:443", False),
        ("api.example.com", "https://api.example.com:8443", False),
        ("api.example.com:8443", "https://api.example.com:8443", True),
        ("api.example.com:8080", "http://api.example.com:8080", True),
        ("*.example.com", "https://a.b.example.com", True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com", "https://evilexample.com", False),
        ("*.example.com", "https://example.com.evil.org", False),
        ("*.example.com:8443", "https://a.example.com", False),
        ("[2001:4860::1]:8443", "https://[2001:4860::1]:8443", True),
        ("2001:4860::1", "https://[2001:4860::1]", True),
    ],
)
def test_patterns(pattern: str, url: str, allowed: bool) -> None:
    assert may(policy(pattern), "openai", url) is allowed


@pytest.mark.parametrize("pattern", ["", "*", "*.", "a*.com", "https://a.com", "a.com/x", "a.com:0", "a.com:x", "a b"])
def test_a_pattern_that_is_no_host_is_refused(pattern: str) -> None:
    with pytest.raises(SettingsError, match="is no host"):
        AllowListSettings(allow=(pattern,))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_open(address: str) -> None:
    assert policy().decide_address("openai", "api.openai.com", address, 443).allowed


DENIED = [
    ("127.0.0.1", "loopback"),
    ("127.255.0.9", "loopback"),
    ("::1", "loopback"),
    ("10.1.2.3", "private"),
    ("172.16.0.1", "private"),
    ("192.168.1.1", "private"),
    ("fd12::1", "private"),
    ("fec0::1", "private"),
    ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("169.254.169.254", "metadata"),
    ("fd00:ec2::254", "metadata"),
    ("100.100.100.200", "metadata"),
    ("100.64.0.1", "shared (CGNAT)"),
    ("224.0.0.1", "multicast"),
    ("ff02::1", "multicast"),
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("::", "unspecified"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("192.0.2.1", "reserved"),
    ("198.18.0.1", "reserved"),
    ("2001:db8::1", "reserved"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "metadata"),
    ("::ffff:0:127.0.0.1", "reserved"),
    ("::127.0.0.1", "loopback"),
    ("::10.0.0.1", "private"),
    ("64:ff9b::a9fe:a9fe", "metadata"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b:1::10.0.0.1", "reserved"),
    ("2002:7f00:1::", "loopback"),
    ("2002:a9fe:a9fe::1", "metadata"),
    ("2001:0:7f00:1::", "loopback"),
    ("2001:0:808:808:0:0:f5ff:fffe", "private"),
]


@pytest.mark.parametrize(("address", "sort"), DENIED)
def test_every_other_sort_of_address_is_closed(address: str, sort: str) -> None:
    decision = policy().decide_address("openai", "api.openai.com", address, 443)
    assert not decision.allowed
    assert decision.rule.startswith(f"{sort} address")


@pytest.mark.parametrize("text", ["", "localhost", "0x7f.1", "2130706433", "127.1", "api.openai.com", "1.2.3.4.5"])
def test_what_is_no_address_is_closed(text: str) -> None:
    assert not policy().decide_address("openai", "api.openai.com", text, 443).allowed


@pytest.mark.parametrize(
    ("provider_id", "host", "address", "allowed"),
    [
        ("private", "llm.corp", "10.9.9.9", True),
        ("private", "llm.corp", "::ffff:10.9.9.9", True),
        ("private", "llm.corp", "fd00::5", True),
        ("private", "llm.corp", "192.168.0.1", False),
        ("private", "llm.corp", "127.0.0.1", False),
        ("private", "llm.corp", "169.254.7.7", True),
        ("private", "llm.corp", "169.254.169.254", False),
        ("private", "llm.corp", "fd00:ec2::254", False),
        ("brave", "llm.corp", "169.254.169.254", True),
        ("openai", "llm.corp", "10.9.9.9", False),
        ("local", "localhost", "127.0.0.1", True),
        ("local", "localhost", "::1", True),
        ("local", "localhost", "10.0.0.1", False),
        ("local", "rebound.example", "127.0.0.1", False),
        ("local", "10.1.2.3", "10.1.2.3", False),
        ("openai", "localhost", "127.0.0.1", False),
        ("literal", "10.1.2.3", "10.1.2.3", True),
        ("literal", "::1", "::1", True),
        ("literal", "10.1.2.3", "10.1.2.4", False),
        ("literal", "rebound.example", "10.1.2.3", False),
        ("metadata", "169.254.169.254", "169.254.169.254", False),
    ],
)
def test_what_the_operator_named_is_open(provider_id: str, host: str, address: str, allowed: bool) -> None:
    assert policy().decide_address(provider_id, host, address, 443).allowed is allowed


def test_decisions_are_quick_and_their_memory_is_bounded() -> None:
    gate = policy("*.example.com")
    request = EgressRequest("openai", Origin("https", "api.openai.com", 443))
    for number in range(10_000):
        gate.decide_address("openai", f"h{number}", "8.8.8.8", 443)
        gate.decide(EgressRequest("openai", Origin("https", f"h{number}", 443)))
    assert len(gate._addresses) <= 4096  # pyright: ignore[reportPrivateUsage]
    assert len(gate._places) <= 4096  # pyright: ignore[reportPrivateUsage]
    begin = time.perf_counter()
    for _ in range(10_000):
        gate.decide(request)
        gate.decide_address("openai", "api.openai.com", "8.8.8.8", 443)
    assert time.perf_counter() - begin < 0.5
