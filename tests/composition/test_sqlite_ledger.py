"""The ledger in SQLite: chained, added up exactly, shared by processes."""

import asyncio
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lockgate.adapters import sqlite_rows
from lockgate.adapters.sqlite_ledger import SqliteLedger
from lockgate.adapters.sqlite_settings import SqliteLedgerSettings
from lockgate_ports.caller import Caller
from lockgate_ports.errors import LedgerFailed, LockgateError, SettingsError
from lockgate_ports.ledger import AuditEvent, AuditQuery, UsageQuery
from lockgate_ports.ledger_rows import Entry
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, CallRecord, Cost
from lockgate_ports.usage import Usage

GONE = AuditEvent(kind="key_revoked", actor="cli", subject="key:k_1")


USAGE = Usage(input_tokens=10, output_tokens=5, cache_read_tokens=4)


def call(
    tenant: str | None = "acme", usd: str | None = "0.000001", usage: Usage | None = USAGE, **changes: Any
) -> CallRecord:
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
        "attempts": (AttemptRecord("one", "m-1", 0.5, usage=usage, cost=cost),),
        "usage": usage,
        "cost": cost,
        "error": None,
    }
    return CallRecord(**fields | changes)


def ledger(path: Path, **settings: Any) -> SqliteLedger:
    return SqliteLedger(SqliteLedgerSettings(path=str(path), **settings))


async def filled(path: Path, *rows: CallRecord | AuditEvent) -> SqliteLedger:
    kept = ledger(path)
    for row in rows:
        kept.append(row)
    await kept.aclose()
    return kept


async def test_sums_are_exact_and_tell_the_unknown_apart(tmp_path: Path) -> None:
    calls = [call(usd="0.0000001") for _ in range(10)]
    unknown = call("beta", usd=None, usage=None)
    kept = await filled(tmp_path / "ledger.db", *calls, unknown, call("beta", error="rate_limited", usd="0.3"), GONE)
    first, second = await kept.usage(UsageQuery(by=("tenant",)))
    assert (first.group, first.usd, first.calls, first.errors) == (("beta",), Decimal("0.3"), 2, 1)
    assert (first.unpriced, first.unmetered) == (1, 1)
    assert (second.group, second.usd, second.input_tokens) == (("acme",), Decimal("0.0000010"), 100)
    assert second.cache_read_tokens == 40
    [only] = await kept.usage(UsageQuery(tenant="acme"))
    assert only.calls == 10
    assert await kept.usage(UsageQuery(since=4e9)) == []


async def test_each_attempt_counts_where_it_was_made_and_the_call_where_it_ended(tmp_path: Path) -> None:
    cut = AttemptRecord("one", "m-1", 0.1, "upstream_error", usage=USAGE, cost=Cost(Decimal("0.2"), "estimated"))
    refused = AttemptRecord("two", "m-2", 0.1, "rate_limited")
    answered = AttemptRecord("two", "m-2", 0.1, usage=USAGE, cost=Cost(Decimal("0.1"), "priced"))
    kept = await filled(tmp_path / "ledger.db", call(attempts=(cut, refused, answered)), call(attempts=(), error="x"))
    one, two, nobody = await kept.usage(UsageQuery(by=("target",)))
    assert (one.group, one.calls, one.attempts, one.usd, one.estimated_usd) == (
        ("one/m-1",), 0, 1, Decimal("0.2"), Decimal("0.2")
    )  # fmt: skip
    assert (two.group, two.calls, two.attempts, two.usd, two.unpriced) == (("two/m-2",), 1, 2, Decimal("0.1"), 0)
    assert (nobody.group, nobody.calls, nobody.errors, nobody.attempts) == ((None,), 1, 1, 0)
    assert (two.unmetered, two.output_tokens) == (0, 5)


async def test_audit_events_are_told_by_kind_and_time(tmp_path: Path) -> None:
    opened = AuditEvent(kind="opened", actor="gateway", subject="lockgate", details={"providers": "2"})
    kept = await filled(tmp_path / "ledger.db", opened, call(), GONE, call())
    assert [(row.number, row.event) for row in await kept.audit(AuditQuery())] == [(1, opened), (3, GONE)]
    assert [row.event for row in await kept.audit(AuditQuery(kinds=("key_revoked",)))] == [GONE]
    assert [row.event for row in await kept.audit(AuditQuery(most=1))] == [GONE]
    assert await kept.audit(AuditQuery(since=4e9)) == []


async def test_a_clock_that_is_set_back_does_not_turn_the_chain_around(tmp_path: Path) -> None:
    store = sqlite_rows.opened(tmp_path / "ledger.db", durable=False)
    sqlite_rows.add(store, [Entry(at=9.0, call=call()), Entry(at=8.0, audit=GONE)])
    sqlite_rows.add(store, [Entry(at=7.0, call=call())])
    assert [at for (at,) in store.execute("SELECT at FROM rows")] == [9.0, 9.0, 9.0]
    store.close()
    assert sqlite_rows.verdict(tmp_path / "ledger.db").fault is None


async def test_the_chain_holds_over_several_openings_and_writers(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    one, other = ledger(path), ledger(path)
    for _ in range(40):
        one.append(call())
        other.append(GONE)
        await asyncio.sleep(0)
    await one.aclose()
    await other.aclose()
    kept = await filled(path, call())
    verdict = await kept.verify()
    assert (verdict.rows, verdict.fault, len(verdict.head)) == (81, None, 64)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("tamper", "row", "fault"),
    [
        (
            "UPDATE rows SET body = CAST(replace(CAST(body AS TEXT), 'cme', 'cne') AS BLOB) WHERE number = 1",
            1,
            "it is not what was written",
        ),
        ("UPDATE rows SET body = CAST('{' AS BLOB) WHERE number = 2", 2, "it is not what was written"),
        ("UPDATE rows SET hash = zeroblob(32) WHERE number = 3", 3, "it is not what was written"),
        ("DELETE FROM rows WHERE number = 2", 2, "row 2 is not there"),
        ("DELETE FROM rows WHERE number = 4", 4, "rows 4 to 4 are not there"),
        ("UPDATE rows SET number = CASE number WHEN 2 THEN -3 ELSE -2 END WHERE number IN (2, 3)", 1, "row 1 is not"),
        ("UPDATE lines SET usd = '0' WHERE number = 1", 1, "what is added up of it differs: usd"),
        ("UPDATE lines SET usd = 'much' WHERE number = 1", 1, "what is added up of it differs"),
        ("UPDATE rows SET kind = NULL WHERE number = 2", 2, "what is kept beside it differs"),
        ("UPDATE ends SET hash = zeroblob(32)", 4, "the end that is kept is another"),
        ("DELETE FROM lines WHERE number = 3", 3, "what is added up of it differs"),
        ("INSERT INTO lines (number, place) VALUES (9, 0)", None, "1 lines are added up that no row tells of"),
    ],
)
async def test_whatever_is_changed_is_found(tmp_path: Path, tamper: str, row: int | None, fault: str) -> None:
    path = tmp_path / "ledger.db"
    kept = await filled(path, call(), GONE, call(), call())
    assert (await kept.verify()).fault is None
    with sqlite3.connect(path) as store:
        assert store.execute(tamper).rowcount
    store.close()
    verdict = await kept.verify()
    assert verdict.fault is not None
    assert verdict.fault.startswith(fault)
    assert verdict.row == row


async def test_before_answer_is_done_only_when_another_process_could_read_the_row(tmp_path: Path) -> None:
    kept = ledger(tmp_path / "ledger.db", durability="before_answer")
    receipts = [kept.append(call()) for _ in range(3)]
    for receipt in receipts:
        assert receipt is not None
        await receipt
    assert (await ledger(tmp_path / "ledger.db").verify()).rows == 3
    await kept.aclose()


def broken(*_: object) -> None:
    raise OSError("no space left on the device")


async def test_a_store_that_fails_is_told_to_whoever_must_wait_for_it(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sqlite_rows, "add", broken)
    kept = ledger(tmp_path / "ledger.db", durability="before_answer")
    receipt = kept.append(call())
    assert receipt is not None
    with pytest.raises(LedgerFailed, match="could not be written down"):
        await receipt
    assert kept.lost == 1
    await kept.aclose()


async def test_rows_behind_the_calls_wait_for_a_store_that_fails_and_only_so_many(
    tmp_path: Path, monkeypatch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    add: Callable[..., None] = sqlite_rows.add
    monkeypatch.setattr("lockgate_ports.ledger_queue._RETRY_AFTER", 0.01)
    monkeypatch.setattr(sqlite_rows, "add", broken)
    kept = ledger(tmp_path / "ledger.db", queue=3)
    assert [kept.append(call()) for _ in range(4)] == [None] * 4
    assert kept.lost == 1
    while "no space left" not in caplog.text:
        await asyncio.sleep(0.01)
    monkeypatch.setattr(sqlite_rows, "add", add)
    while "written again" not in caplog.text:
        await asyncio.sleep(0.01)
    await kept.aclose()
    assert (await kept.verify()).rows == 3
    assert kept.lost == 1


async def test_old_rows_go_and_the_chain_holds_from_the_oldest_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    store = sqlite_rows.opened(path, durable=False)
    sqlite_rows.add(store, [Entry(at=1.0, call=call()), Entry(at=2.0, audit=GONE), Entry(at=3.0, call=call())])
    sqlite_rows.prune(store, 2.5)
    sqlite_rows.add(store, [Entry(at=4.0, call=call())])
    store.close()
    verdict = sqlite_rows.verdict(path)
    assert (verdict.rows, verdict.fault) == (2, None)


async def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no folder"):
        ledger(tmp_path / "nowhere" / "ledger.db")
    with pytest.raises(LockgateError, match="there is no ledger"):
        await ledger(tmp_path / "ledger.db").usage(UsageQuery())
