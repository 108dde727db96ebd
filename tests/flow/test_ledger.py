"""A call from client bytes to its row, and the pages that tell of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from gateway import serving, settings
from upstream import answer, http, stream, upstream

from lockgate import open_gateway
from lockgate.adapters import sqlite_rows
from lockgate.adapters.sqlite_ledger import SqliteLedger
from lockgate.adapters.sqlite_settings import SqliteLedgerSettings
from lockgate_ports.chat import ChatRequest
from lockgate_ports.ledger import AuditQuery, UsageQuery
from lockgate_ports.parts import user

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
KEY = {"authorization": "Bearer sk-client"}
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def config(url: str, path: Path, **ledger: Any) -> dict[str, Any]:
    made = settings(url, server={"admin_credential_refs": ["env:CLIENT_KEY"]})
    card = {
        "id": "m",
        "price": {"rates": {"input": 3, "output": 15}, "source": "settings", "as_of": "2026-11-20"},
    }
    made["providers"]["up"]["models"] = [card]
    return made | {"ledger": {"kind": "sqlite", "path": str(path), **ledger}}


def said(**more: Any) -> list[bytes]:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
    body = json.dumps({"id": "c-1", "model": "m", "choices": [choice], "usage": USAGE, **more}).encode()
    return [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body]


async def test_a_call_is_priced_told_counted_and_kept(tmp_path: Path) -> None:
    async with upstream() as up:
        wanted = config(up.url, tmp_path / "ledger.db", durability="before_answer")
        async with serving(wanted) as served:
            up.say(said())
            told = await served.ask(ASK, headers=KEY)
            assert told.status == 200
            assert told.headers["x-lockgate-cost-usd"] == "0.00045"  # 100 * 3 + 10 * 15 millionths
            assert (await served.get("/admin/usage")).status == 401
            page = await served.get("/admin/usage?by=model,target&since=1d", headers=KEY)
            [row] = page.json["rows"]
            assert (row["model"], row["target"], row["usd"], row["calls"]) == ("fast", "up/m", "0.00045", 1)
            audit = await served.get("/admin/audit?kind=opened", headers=KEY)
            [event] = audit.json["rows"]
            assert event["details"]["providers"] == "up"
            assert (await served.get("/admin/usage?by=colour", headers=KEY)).status == 400
            metrics = (await served.get("/metrics", headers=KEY)).body.decode()
            assert 'lockgate_cost_usd_total{gen_ai_provider_name="up",gen_ai_request_model="m"' in metrics
            assert 'lockgate_cost_basis="priced"} 0.00045' in metrics
            assert "lockgate_ledger_lost_total 0" in metrics
        async with open_gateway(wanted, env={"UP_KEY": "k", "CLIENT_KEY": "c"}) as again:
            assert again.ledger is not None
            kinds = [row.event.kind for row in await again.ledger.audit(AuditQuery())]
            assert kinds == ["opened", "closed", "opened"]
            assert (await again.ledger.verify()).fault is None


async def test_an_embedder_is_told_the_cost_and_a_price_that_nobody_knows_is_none(tmp_path: Path) -> None:
    async with upstream() as up:
        wanted = config(up.url, tmp_path / "ledger.db")
        async with open_gateway(wanted, env={"UP_KEY": "k", "CLIENT_KEY": "c"}) as gateway:
            up.say(said())
            known = await gateway.chat(ChatRequest(model="fast", messages=(user("hi"),)))
            unknown = await gateway.chat(ChatRequest(model="up/other", messages=(user("hi"),)))
        assert known.cost is not None
        assert (str(known.cost.usd), known.cost.basis, known.cost.price_as_of) == ("0.00045", "priced", "2026-11-20")
        assert unknown.cost is None or unknown.cost.usd is None or unknown.response.model == "m"


@pytest.mark.parametrize(
    "route",
    [
        {},
        {"stream": {"policy": "continue"}},
        {"shadow": {"targets": ["up/other"], "share": 1.0}},
    ],
)
async def test_an_embedder_is_told_the_cost_of_a_stream_once_it_is_over(tmp_path: Path, route: dict[str, Any]) -> None:
    async with upstream() as up:
        wanted = config(up.url, tmp_path / "ledger.db")
        wanted["routes"]["fast"] |= route
        async with open_gateway(wanted, env={"UP_KEY": "k", "CLIENT_KEY": "c"}) as gateway:
            up.say(stream("Hel", "lo"))
            request = ChatRequest(model="fast", messages=(user("hi"),))
            async with gateway.stream(request) as whole:
                assert whole.cost is None
                assert [words async for words in whole.texts()] == ["Hel", "lo"]
                assert whole.cost is not None
                assert (str(whole.cost.usd), whole.cost.basis) == ("0.000039", "priced")  # 3 * 3 + 2 * 15 millionths
            async with gateway.stream(request) as left:
                async for _ in left.texts():
                    break
            assert left.cost is not None
            assert left.cost.basis == "estimated"


async def test_pages_of_a_gateway_without_a_ledger_are_not_there() -> None:
    async with upstream() as up:
        wanted = settings(up.url, server={"admin_credential_refs": ["env:CLIENT_KEY"]})
        async with serving(wanted) as served:
            assert (await served.get("/admin/usage", headers=KEY)).status == 404


async def test_an_embedders_own_ledger_is_used(tmp_path: Path) -> None:
    own = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "own.db")))
    async with upstream() as up:
        up.say([answer("hello")])
        async with open_gateway(settings(up.url), env={"UP_KEY": "k"}, ledger=own) as gateway:
            await gateway.chat(ChatRequest(model="fast", messages=(user("hi"),)))
    await own.aclose()
    [row] = await own.usage(UsageQuery())
    assert row.calls == 1


async def test_that_a_model_was_left_alone_is_written_down(tmp_path: Path) -> None:
    async with upstream() as up:
        up.say([http(b"{}", 500)])
        wanted = config(up.url, tmp_path / "ledger.db", durability="before_answer")
        wanted |= {"breaker": {"failures": 2}, "retry": {"max_attempts": 1}}
        async with serving(wanted) as served:
            for _ in range(3):
                assert (await served.ask(ASK, headers=KEY)).status >= 500
    kept = SqliteLedger(SqliteLedgerSettings(path=str(tmp_path / "ledger.db")))
    [row] = await kept.audit(AuditQuery(kinds=("breaker_opened",)))
    assert (row.event.subject, row.event.details) == ("up", {"detail": "m"})


async def test_a_store_that_fails_keeps_no_gateway_from_closing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space left on the device")

    async with upstream() as up:
        wanted = config(up.url, tmp_path / "ledger.db", durability="before_answer")
        async with open_gateway(wanted, env={"UP_KEY": "k", "CLIENT_KEY": "c"}):
            monkeypatch.setattr(sqlite_rows, "add", broken)
    assert "that the gateway closed could not be written down" in caplog.text
