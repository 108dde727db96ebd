"""Random labels, policies, routes and outages: no byte leaves to a host or an address that the policy refuses.

Run it at length by `LOCKGATE_FUZZ=100000 pytest tests/flow/test_egress_fuzz.py`.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatch
from typing import Any

import pytest
from upstream import Seen, Upstream, answer, http, upstream

from lockgate import ChatRequest, EgressDenied, LockgateError, UpstreamError, open_gateway, user
from lockgate.adapters import lean_client
from lockgate_ports.caller import Caller

CALLS = int(os.environ.get("LOCKGATE_FUZZ", "3000"))
PER_GATEWAY = 100
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "ap-south-1", None)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700::1111")
PRIVATE = ("10.0.0.5", "192.168.1.1", "127.0.0.1", "::1", "::ffff:10.0.0.5", "64:ff9b::a00:5", "100.64.0.1", "fc00::1")
NEVER = ("169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "0.0.0.0", "169.254.7.7")
WHEN = (("residency", "eu"), ("residency", ["eu", "us"]), ("tenant", "acme"), ("class", "se*")) * 2
INSIDE_TEN = ("10.0.0.5", "::ffff:10.0.0.5", "64:ff9b::a00:5")


class World:
    """Names resolve as `addresses` says; each connection is noted, and led to the one upstream or refused."""

    def __init__(self, up: Upstream, luck: random.Random) -> None:
        self.up = up
        self.luck = luck
        self.addresses: dict[str, list[str]] = {}
        self.reached: list[str] = []
        self.outage = 0.0

    async def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        found = self.addresses[host]
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]

    async def start_connection(self, addresses: list[Any], *, socket_factory: Any, **_: Any) -> socket.socket:
        for info in addresses:
            try:
                socket_factory(info).close()
            except PermissionError:
                continue
            self.reached.append(info[4][0])
            if self.luck.random() >= self.outage:
                made = socket.socket()
                made.setblocking(False)
                await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.up.port))
                return made
        raise ConnectionRefusedError

    def script(self, seen: Seen) -> list[Any]:
        if self.luck.random() >= self.outage:
            return [answer()]
        status = self.luck.choice([302, 400, 401, 429, 500, 503])
        where = self.luck.choice(list(self.addresses))
        return [http(b'{"error":{"message":"no"}}', status, extra=f"location: http://{where}/v1\r\n")]


def some(luck: random.Random, *values: Any) -> Any:
    return luck.choice(values)


def config(luck: random.Random) -> dict[str, Any]:
    providers = {
        f"p{n}": {
            "kind": "openai-compatible",
            "base_url": f"http://h{n}.example:{some(luck, 80, 8000)}/v1",
            "private_addresses": some(luck, [], [], ["10.0.0.0/8"]),
            "data": {
                "region": luck.choice(REGIONS),
                "retention": some(luck, "none", "unknown", 7, 30),
                "training": some(luck, True, False, None),
            },
        }
        for n in range(luck.randint(1, 5))
    }
    rules = []
    for _ in range(luck.randint(0, 3)):
        asks: dict[str, Any] = {
            "regions": some(luck, ["eu-*"], ["us-east-1"], ["eu-*", "us-*"]),
            "retention": some(luck, "none", 7, 30),
            "training": False,
            "providers": luck.sample(list(providers), luck.randint(1, len(providers))),
        }
        kept = luck.sample(list(asks), luck.randint(1, 2))
        when = some(luck, {}, *({name: value} for name, value in WHEN))
        rules.append({"when": when, **{name: asks[name] for name in kept}})
    egress = {
        "kind": "allow-list",
        "mode": some(luck, "enforce", "enforce", "enforce", "enforce", "air-gap"),
        "allow": some(luck, [], [], ["h0.example:80"], ["*.example:8000"]),
        "rules": rules,
        "require": some(luck, [], [], [], ["residency"]),
    }
    routes = {
        f"r{n}": {"targets": [f"{p}/m" for p in luck.sample(list(providers), luck.randint(1, len(providers)))]}
        for n in range(3)
    }
    retry = {"base_delay": 0, "max_retry_after": 0, "max_attempts": some(luck, 1, 2, 3)}
    breaker = {"failures": 100_000, "min_calls": 100_000}
    return {"providers": providers, "routes": routes, "egress": egress, "retry": retry, "breaker": breaker}


def caller(luck: random.Random) -> Caller:
    labels = [
        (name, value)
        for name, value in (
            ("residency", some(luck, None, "eu", "EU", " us", "ap")),
            ("class", some(luck, None, "secret", "Se", "low")),
        )
        if value is not None
    ]
    return Caller(tenant=some(luck, None, "acme", "other"), labels=tuple(labels))


def may(given: dict[str, Any], provider_id: str, on_behalf: Caller) -> bool:
    """The policy once more, said in another way: may this provider be given the call?"""
    row, egress = given["providers"][provider_id], given["egress"]
    host, port = row["base_url"][len("http://") : -len("/v1")].split(":")
    if egress["mode"] == "air-gap" and not any(fnmatch(f"{host}:{port}", pattern) for pattern in egress["allow"]):
        return False
    labels = {name: value.strip().lower() for name, value in on_behalf.labels}
    if on_behalf.tenant:
        labels["tenant"] = on_behalf.tenant
    if any(name not in labels for name in egress["require"]):
        return False
    data = row["data"]
    kept = {"none": 0, "unknown": 10**9}.get(data["retention"], data["retention"])
    for rule in egress["rules"]:
        wanted = {name: [value] if isinstance(value, str) else value for name, value in rule["when"].items()}
        if not all(any(fnmatch(labels.get(name, "-"), value) for value in values) for name, values in wanted.items()):
            continue
        if "providers" in rule and provider_id not in rule["providers"]:
            return False
        if "regions" in rule and not any(fnmatch(data["region"] or "-", region) for region in rule["regions"]):
            return False
        if "retention" in rule and kept > {"none": 0}.get(rule["retention"], rule["retention"]):
            return False
        if "training" in rule and data["training"] is not False:
            return False
    return True


@asynccontextmanager
async def world(luck: random.Random, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    async with upstream() as up:
        made = World(up, luck)
        monkeypatch.setattr(lean_client, "start_connection", made.start_connection)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", made.getaddrinfo)
        up.say(made.script)
        yield made


@pytest.mark.timeout(max(120, CALLS // 20))
async def test_no_byte_leaves_to_where_the_policy_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = int(os.environ.get("LOCKGATE_FUZZ_SEED", "6"))
    luck = random.Random(seed)
    outcomes = {"answered": 0, "denied": 0, "failed": 0}
    async with world(luck, monkeypatch) as around:
        for _ in range(max(1, CALLS // PER_GATEWAY)):
            given = config(luck)
            async with open_gateway(given, env={}) as gateway:
                for _ in range(PER_GATEWAY):
                    outcomes[await one_call(around, gateway, given, luck)] += 1
    assert min(outcomes.values()) > CALLS // 20, f"too much of one sort to say anything: {outcomes}"


async def one_call(around: World, gateway: Any, given: dict[str, Any], luck: random.Random) -> str:
    around.outage = some(luck, 0, 0.3, 0.9)
    around.addresses = {
        f"h{n}.example": luck.choices([*PUBLIC * 4, *PRIVATE, *NEVER], k=luck.randint(1, 3)) for n in range(5)
    }
    around.reached.clear()
    around.up.seen.clear()
    for provider in gateway.providers.values():
        await provider.port.aclose()  # so that each call finds its way anew
    on_behalf = caller(luck)
    name = some(luck, *given["routes"], f"{some(luck, *given['providers'])}/m")
    targets = given["routes"][name]["targets"] if name in given["routes"] else [name]
    permitted = [target.split("/")[0] for target in targets if may(given, target.split("/")[0], on_behalf)]
    try:
        await gateway.chat(ChatRequest(model=name, messages=(user("hi"),)), caller=on_behalf)
        outcome = "answered"
    except EgressDenied:
        outcome = "denied"
    except (UpstreamError, LockgateError):
        outcome = "failed"
        assert permitted, "a call that may go nowhere is told so"
    story = f"{on_behalf} {name} {given}"
    hosts = {given["providers"][each]["base_url"].split("/")[2].removesuffix(":80") for each in permitted}
    assert {seen.headers["host"] for seen in around.up.seen} <= hosts, story
    ten = any(given["providers"][each]["private_addresses"] for each in permitted)
    assert set(around.reached) <= {*PUBLIC, *(INSIDE_TEN if ten else ())}, story
    if not permitted:
        assert (outcome, around.reached) == ("denied", []), story
    return outcome
