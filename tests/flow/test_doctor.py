"""`lockgate doctor`: what it sees of a deployment, and that it disturbs nothing."""

import json
from pathlib import Path
from typing import Any

from gateway import serving, settings
from issuer import issuing
from upstream import answer, http, upstream

from lockgate import open_gateway
from lockgate.findings import Finding, Report
from lockgate_ports.memory_limits import MemoryLimits
from lockgate_ports.store_health import StoreHealth

ENV = {"UP_KEY": "sk-up", "CLIENT_KEY": "sk-client"}
MODELS = http(json.dumps({"object": "list", "data": [{"id": "m", "object": "model"}]}).encode())


def said(report: Report, area: str, name: str) -> Finding:
    return next(each for each in report.findings if (each.area, each.name) == (area, name))


def quiet(_: str) -> None:
    """Progress is for people."""


def two(one: str, other: str, **more: Any) -> dict[str, Any]:
    config = settings(one, **more)
    config["providers"]["other"] = config["providers"]["up"] | {"base_url": other}
    config["routes"]["fast"] = {"targets": ["up/m", "other/m"]}
    return config


async def test_all_is_well_and_nobody_was_billed() -> None:
    async with upstream() as one, upstream() as other:
        one.say([MODELS])
        other.say([MODELS])
        async with open_gateway(two(one.url, other.url), env=ENV) as gateway:
            report = await gateway.examine(tell=quiet)
    assert report.ok, report
    assert {seen.method for seen in (*one.seen, *other.seen)} == {"GET"}
    assert said(report, "provider", "up").detail == "answered, with a list of 1 models"
    assert said(report, "route", "fast").detail == "up/m then other/m"
    assert said(report, "fallbacks", "fast").ok


async def test_a_real_call_is_made_where_it_is_asked_for() -> None:
    async with upstream() as up:
        up.say([answer("hello")])
        async with open_gateway(settings(up.url), env=ENV) as gateway:
            report = await gateway.examine(call=True, tell=quiet)
    assert report.ok, report
    assert [seen.method for seen in up.seen] == ["POST"]


async def test_a_refused_key_one_that_is_gone_and_a_dead_provider_are_faults(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-gone")
    key.chmod(0o600)
    refused = http(b'{"error": {"message": "bad key", "type": "invalid_request_error"}}', 401)
    async with upstream() as up:
        up.say([refused])
        config = two(up.url, "http://127.0.0.1:9/v1")
        config["providers"]["third"] = config["providers"]["up"] | {"credential_ref": f"file:{key}"}
        async with open_gateway(config, env=ENV) as gateway:
            key.unlink()
            report = await gateway.examine(tell=quiet)
    assert not report.ok
    assert said(report, "key", "env:UP_KEY").ok
    assert said(report, "key", f"file:{key}").ok is False
    assert said(report, "provider", "up").ok is False
    assert said(report, "provider", "other").ok is False
    assert "sk-up" not in str(report)


async def test_a_chain_of_fallbacks_by_class_is_tried_for_each_class() -> None:
    async with upstream() as one, upstream() as other:
        one.say([MODELS])
        other.say([MODELS])
        config = two(one.url, other.url)
        config["routes"]["fast"] = {
            "targets": ["up/m"],
            "fallbacks": {"any": ["other/m"], "context_length": ["other/large"], "content_filter": []},
        }
        async with open_gateway(config, env=ENV) as gateway:
            report = await gateway.examine(tell=quiet)
            asked = len(one.seen) + len(other.seen)
    assert said(report, "fallbacks", "fast").ok, report
    assert asked == 2, "fallbacks are tried without asking anybody"


async def test_a_chain_that_does_not_hold_is_a_fault() -> None:
    """Retries without bound at the head leave no time for the next one."""
    from lockgate.chain import Chain
    from lockgate_core.explain import AskedTarget, Explanation
    from lockgate_core.provider import Timeouts
    from lockgate_core.retry import RetryPolicy
    from lockgate_ports.chat import ChatRequest
    from lockgate_ports.egress import Decision
    from lockgate_ports.parts import user
    from lockgate_ports.wire import Request

    class OnlyUp:
        def decide_provider(self, provider_id: str, purpose: Any) -> Decision:
            return Decision(provider_id == "up", "test")

        def decide(self, request: Any) -> Decision:
            return Decision(True, "test")

        def decide_address(self, provider_id: str, host: str, address: str, port: int) -> Decision:
            return Decision(True, "test")

    async with upstream() as one, open_gateway(two(one.url, one.url), env=ENV) as gateway:
        times = Timeouts(1.0, 1.0, 1.0, 1.0)
        targets = tuple(AskedTarget(each, (), times, 3) for each in ("up/m", "other/m"))
        told = Explanation(model="fast", route="fast", targets=targets, retry=RetryPolicy())
        request = Request(
            operation="chat", model="fast", stream=False, view=ChatRequest(model="fast", messages=(user("hi"),))
        )
        faults = await Chain(gateway.settings, OnlyUp(), request, told).faults()
    assert len(faults) == 1
    assert faults[0].startswith("when up/m fails (transient), nobody answers, not other/m")


async def test_a_ledger_that_answers_is_told_of(tmp_path: Path) -> None:
    async with upstream() as up:
        up.say([MODELS])
        config = settings(up.url, ledger={"kind": "sqlite", "path": str(tmp_path / "ledger.db")})
        async with open_gateway(config, env=ENV) as gateway:
            assert said(await gateway.examine(tell=quiet), "store", "ledger").ok


async def test_a_running_gateway_looks_at_itself() -> None:
    async with upstream() as up:
        up.say([MODELS])
        config = settings(up.url, server={"admin_credential_refs": ["env:CLIENT_KEY"]})
        async with serving(config) as served:
            nobody = await served.ask({}, path="/admin/doctor")
            assert nobody.status == 401
            told = await served.ask({}, path="/admin/doctor", headers={"authorization": "Bearer sk-client"})
            assert told.status == 200
            assert told.json["ok"] is True


async def test_stores_tell_how_they_are(tmp_path: Path) -> None:
    async with issuing() as issuer, upstream() as up:
        up.say([MODELS])
        config = settings(
            up.url,
            ledger={"kind": "sqlite", "path": str(tmp_path / "ledger.db")},
            limits={"rules": [{"scope": "all", "rpm": 5}]},
            auth={"keys": {"path": str(tmp_path / "keys.db")}, "jwt": {"corp": issuer.row()}},
        )
        async with open_gateway(config, env=ENV) as gateway:
            report = await gateway.examine(tell=quiet)
            assert report.ok, report
            assert "layout 2" in said(report, "store", "ledger").detail
            assert said(report, "store", "limits").detail == "counts"
            assert said(report, "store", "keys").detail == "0 keys, 0 parents"
            assert said(report, "issuer", "corp").detail == "tells 2 keys"
            issuer.away = True
            report = await gateway.examine(tell=quiet)
            assert said(report, "issuer", "corp").ok is False


async def test_looking_at_limits_takes_none_of_them() -> None:
    async with upstream() as up:
        up.say([MODELS])
        async with open_gateway(settings(up.url, limits={"rules": [{"scope": "all", "rpm": 5}]}), env=ENV) as gateway:
            await gateway.examine(tell=quiet)
            limits = gateway._succession.current.limits
            assert isinstance(limits, MemoryLimits)
            assert [counter.used for counter in limits._counters.values()] == [0]


class Odd:
    """A ledger whose clock is off and whose disk is nearly full."""

    lost = 3

    def append(self, row: object, content: object = None) -> None:
        """Nothing is kept."""

    async def health(self) -> StoreHealth:
        return StoreHealth(says="Odd 1", clock_skew=-61.0, faults=("it is nearly full: make room",))


async def test_a_store_that_answers_and_is_not_well_is_a_fault() -> None:
    async with upstream() as up:
        up.say([MODELS])
        async with open_gateway(settings(up.url), env=ENV, ledger=Odd()) as gateway:  # type: ignore[arg-type]
            report = await gateway.examine(tell=quiet)
    finding = said(report, "store", "ledger")
    assert finding.ok is False
    assert finding.detail == (
        "Odd 1, clock -61.0 s; it is nearly full: make room; 3 rows were lost since the gateway opened; "
        "its clock is 61.0 s behind the one here: let both keep time (NTP)"
    )


async def test_every_reference_in_the_settings_is_looked_up(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("me:secret")
    password.chmod(0o600)
    async with upstream() as up:
        up.say([MODELS])
        config = settings(
            up.url,
            server={"admin_credential_refs": ["env:CLIENT_KEY"]},
            proxy={"url": "http://127.0.0.1:9", "credential_ref": f"file:{password}"},
        )
        config["providers"]["up"]["proxy"] = "direct"
        config["providers"]["off"] = config["providers"]["up"] | {"credential_ref": "env:OFF", "status": "disabled"}
        async with open_gateway(config, env=ENV) as gateway:
            password.unlink()
            report = await gateway.examine(tell=quiet)
    keys = {each.name: (each.ok, each.detail) for each in report.findings if each.area == "key"}
    assert keys["env:UP_KEY"] == (True, "is there, for providers.up")
    assert keys["env:CLIENT_KEY"] == (True, "is there, for server.admin_credential_refs")
    assert keys[f"file:{password}"][0] is False
    assert "env:OFF" not in keys
