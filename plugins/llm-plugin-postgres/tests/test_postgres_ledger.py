"""The ledger in PostgreSQL: one chain for many gateways, added up exactly, through lost connections."""

import asyncio
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from llm_plugin_postgres.tables import Month
from llm_plugin_postgres.writing import Writer, lost
from lockgate import open_gateway
from lockgate_ports.caller import Caller
from lockgate_ports.errors import LedgerFailed, LockgateError
from lockgate_ports.ledger import AuditEvent, AuditQuery, Content, UsageQuery
from lockgate_ports.ledger_rows import End, Entry
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, CallRecord, Cost
from lockgate_ports.usage import Usage

GONE = AuditEvent(kind="key_revoked", actor="cli", subject="key:k_1")
USAGE = Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4)


def call(tenant: str | None = "acme", usd: str | None = "0.000001", **changes: Any) -> CallRecord:
    cost = UNKNOWN_COST if usd is None else Cost(Decimal(usd), "priced", "settings", "2026-01-01")
    fields: dict[str, Any] = {
        "request_id": "req_1",
        "operation": "chat",
        "request_model": "fast",
        "surface": "openai-chat",
        "caller": Caller(tenant=tenant),
        "route": "fast",
        "provider_id": "one",
        "response_model": "m-1",
        "stream": False,
        "duration": 0.5,
        "first_token": None,
        "attempts": (AttemptRecord("one", "m-1", 0.5, usage=USAGE, cost=cost),),
        "usage": USAGE,
        "cost": cost,
        "error": None,
    }
    return CallRecord(**fields | changes)


async def filled(opened: Any, *rows: CallRecord | AuditEvent) -> Any:
    kept = opened()
    for row in rows:
        kept.append(row)
    await kept.aclose()
    assert kept.lost == 0
    return kept


async def ends(store: Any, schema: str) -> list[End]:
    """Where the chain begins and where it ends."""
    return [End(*row) for row in await store.fetch(f"SELECT number, hash, at FROM {schema}.ends ORDER BY which")]


async def run(server: Any, statement: str) -> str:
    store = await asyncpg.connect(server.get_uri())
    try:
        return str(await store.execute(statement))
    finally:
        await store.close()


async def test_sums_are_exact_and_tell_the_unknown_apart(opened: Any) -> None:
    calls = [call(usd="0.0000001") for _ in range(10)]
    kept = await filled(opened, *calls, call("beta", usd=None), call("beta", error="rate_limited", usd="0.3"), GONE)
    first, second = await kept.usage(UsageQuery(by=("tenant",)))
    assert (first.group, first.usd, first.calls, first.errors) == (("beta",), Decimal("0.3"), 2, 1)
    assert (first.unpriced, first.unmetered) == (1, 0)
    assert (second.group, second.usd, second.input_tokens) == (("acme",), Decimal("0.0000010"), 100)
    assert second.cache_read_tokens == 40
    [only] = await kept.usage(UsageQuery(tenant="acme"))
    assert only.calls == 10
    [day] = await kept.usage(UsageQuery(by=("day", "hour")))
    assert (len(str(day.group[0])), str(day.group[1])[10:]) == (10, f"{str(day.group[1])[10:13]}:00Z")
    assert await kept.usage(UsageQuery(since=4e9)) == []


async def test_audit_events_are_told_by_kind_and_time(opened: Any) -> None:
    began = AuditEvent(kind="opened", actor="gateway", subject="lockgate", details={"providers": "2"})
    kept = await filled(opened, began, call(), GONE, call())
    assert [(row.number, row.event) for row in await kept.audit(AuditQuery())] == [(1, began), (3, GONE)]
    assert [row.event for row in await kept.audit(AuditQuery(kinds=("key_revoked",)))] == [GONE]
    assert [row.event for row in await kept.audit(AuditQuery(most=1))] == [GONE]
    assert await kept.audit(AuditQuery(since=4e9)) == []


async def test_prompts_and_answers_are_kept_beside_their_row_for_their_time(
    server: Any, opened: Any, schema: str
) -> None:
    kept = opened(durability="before_answer")
    stays = Content(request_id="req_1", keep_for=100.0, prompt='{"a":"\\u0000é"}', answer="[]", cut=True)
    gone = Content(request_id="req_1", keep_for=0.01, prompt="1", answer=None, cut=False)
    await kept.append(call(content_sha256=stays.sha256), stays)
    await kept.append(call(content_sha256="other"), gone)
    await asyncio.sleep(0.02)
    [found] = await kept.content("req_1")
    assert (found.number, found.content.prompt, found.content.answer) == (1, stays.prompt, "[]")
    assert (found.content.cut, found.intact) == (True, True)
    assert (await kept.verify()).fault is None
    kept._pruned = 0.0
    await kept.append(call())
    await kept.aclose()
    assert await run(server, f"DELETE FROM {schema}.contents") == "DELETE 1"


async def test_gateways_that_start_together_and_share_a_database_keep_one_chain(opened: Any) -> None:
    gateways = [opened(durability="before_answer") for _ in range(4)]
    for _ in range(5):
        receipts = [gateway.append(call()) for gateway in gateways for _ in range(10)]
        await asyncio.gather(*receipts)
    verdict = await gateways[0].verify()
    assert (verdict.rows, verdict.fault, len(verdict.head)) == (200, None, 64)
    for gateway in gateways:
        await gateway.aclose()


@pytest.mark.parametrize(
    ("tamper", "row", "fault"),
    [
        ("UPDATE {}.rows SET body = overlay(body placing 'x' from 30) WHERE number = 1", 1, "it is not what was"),
        ("UPDATE {}.rows SET hash = body WHERE number = 3", 3, "it is not what was written"),
        ("UPDATE {}.rows SET at = at - 1 WHERE number = 1", 1, "what is kept beside it differs"),
        ("UPDATE {}.rows SET kind = 'opened' WHERE number = 2", 2, "what is kept beside it differs"),
        ("DELETE FROM {}.rows WHERE number = 2", 2, "row 2 is not there"),
        ("DELETE FROM {}.rows WHERE number = 4", 4, "rows 4 to 4 are not there"),
        ("UPDATE {}.rows SET number = 5 - number WHERE number IN (2, 3)", 2, "it is not what was written"),
        ("UPDATE {}.lines SET usd = 0 WHERE number = 1", 1, "what is added up of it differs: usd"),
        ("DELETE FROM {}.lines WHERE number = 3", 3, "what is added up of it differs: there are too few"),
        ("UPDATE {}.lines SET number = 9 WHERE number = 4", 4, "what is added up of it differs"),
    ],
)
async def test_whatever_is_changed_is_found(
    server: Any, opened: Any, schema: str, tamper: str, row: int, fault: str
) -> None:
    kept = await filled(opened, call(), GONE, call(), call())
    assert (await kept.verify()).fault is None
    assert not (await run(server, tamper.format(schema))).endswith(" 0")
    verdict = await kept.verify()
    assert verdict.fault is not None
    assert verdict.fault.startswith(fault)
    assert verdict.row == row


def test_a_connection_that_ends_while_it_is_asked_is_a_lost_one() -> None:
    assert lost(asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"))


async def test_a_connection_that_is_lost_is_made_anew(server: Any, opened: Any) -> None:
    kept = opened(durability="before_answer")
    await kept.append(call())
    await run(
        server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'lockgate' AND pid <> pg_backend_pid()",
    )
    await kept.append(call())
    assert (await kept.verify()).rows == 2
    await kept.aclose()


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(
    opened: Any, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(durability="before_answer")
    await kept.append(call())
    add = Writer.add
    tries = 0

    async def answer_lost(self: Writer, store: Any, entries: Any) -> None:
        nonlocal tries
        tries += 1
        await add(self, store, entries)
        if tries == 1:
            _, end = await ends(store, schema)
            self._doubt = entries, end  # as it stands when COMMIT was sent and nothing came back
            raise ConnectionResetError("the connection was lost")

    monkeypatch.setattr(Writer, "add", answer_lost)
    await kept.append(call())
    assert tries == 2
    assert (await kept.verify()).rows == 2
    await kept.aclose()


async def test_a_database_that_is_away_is_said_without_its_password() -> None:
    from llm_plugin_postgres.kind import PostgresSettings
    from llm_plugin_postgres.ledger import PostgresLedger

    async def dsn() -> str:
        return "postgresql://lockgate:canary-password@127.0.0.1:1/lockgate"

    kept = PostgresLedger(PostgresSettings(credential_ref="env:DSN", durability="before_answer"), dsn)
    receipt = kept.append(call())
    assert receipt is not None
    with pytest.raises(LedgerFailed) as failed:
        await receipt
    with pytest.raises(LockgateError, match="cannot be reached") as unread:
        await kept.verify()
    assert "canary" not in str(failed.value) + str(unread.value)
    assert kept.lost == 1


async def test_old_months_go_and_the_chain_holds_from_the_oldest_kept(server: Any, opened: Any, schema: str) -> None:
    kept = opened(keep_months=2)
    await kept._add([Entry(at=at, call=call()) for at in (1_700_000_000.0, 1_710_000_000.0, 1_790_000_000.0)])
    await kept._writer.prune(kept._store, 1_793_000_000.0)
    verdict = await kept.verify()
    assert (verdict.rows, verdict.fault) == (1, None)
    store = await asyncpg.connect(server.get_uri())
    parts = await store.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1", schema)
    await store.close()
    assert [name for (name,) in parts if "20" in name] == ["lines_2026_09", "rows_2026_09"]
    await kept.aclose()


def test_months_have_no_gaps() -> None:
    december = Month(1_767_000_000.0)
    assert (december.name, Month(december.ends).name, december.before(12).name) == ("2025_12", "2026_01", "2024_12")


async def test_a_newer_layout_is_left_alone(server: Any, opened: Any, schema: str) -> None:
    await filled(opened, call())
    await run(server, f"INSERT INTO {schema}.migrations VALUES (99)")
    with pytest.raises(LockgateError, match="newer version"):
        await opened().verify()


async def test_a_gateway_finds_it_by_its_settings(server: Any, schema: str) -> None:
    settings = {
        "providers": {"up": {"kind": "openai-compatible", "base_url": "http://127.0.0.1:9"}},
        "ledger": {"kind": "postgres", "credential_ref": "env:DSN", "schema": schema},
    }
    async with open_gateway(settings, env={"DSN": server.get_uri()}) as gateway:
        assert gateway.settings.ledger is not None


async def test_it_tells_how_it_is(server: Any, opened: Any, schema: str) -> None:
    kept = await filled(opened, call(), call())
    health = await kept.health()
    assert health.says.startswith("PostgreSQL 1")
    assert health.says.endswith("layout 2, 2 rows so far")
    assert abs(health.clock_skew) < 5
    assert health.faults == ()
    away = opened()
    away._dsn = _nowhere
    with pytest.raises(LockgateError, match="cannot be reached"):
        await away.health()


async def _nowhere() -> str:
    return "postgresql://nobody@127.0.0.1:9/none"
