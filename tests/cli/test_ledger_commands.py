"""`lockgate usage` and `lockgate audit`: what a ledger holds, in every form, and what is wrong with it."""

import json
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lockgate.adapters import sqlite_rows
from lockgate.cli.root import root
from lockgate.ledger_asking import moment
from lockgate_ports.caller import Caller
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.ledger import AuditEvent
from lockgate_ports.ledger_rows import Entry
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, CallRecord, Cost
from lockgate_ports.usage import Usage

Run = Callable[..., Result]


def call(tenant: str, usd: str | None, model: str = "fast") -> CallRecord:
    usage = Usage(input_tokens=1_000, output_tokens=5)
    cost = UNKNOWN_COST if usd is None else Cost(Decimal(usd), "priced", "settings", "2026-01-01")
    return CallRecord(
        request_id="req_1",
        operation="chat",
        request_model=model,
        surface="openai-chat",
        caller=Caller(tenant=tenant),
        provider_id="one",
        response_model="m-1",
        stream=False,
        duration=0.5,
        first_token=None,
        attempts=(AttemptRecord("one", "m-1", 0.5, usage=usage, cost=cost),),
        usage=usage,
        cost=cost,
        error=None,
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    store = sqlite_rows.opened(path, durable=False)
    opened = AuditEvent(kind="opened", actor="gateway", subject="lockgate", details={"version": "0.1.0"})
    rows = [call("acme", "0.25"), call("acme", "0.5"), call("beta", "0.000001", "slow")]
    entries = [Entry(at=1.8e9, audit=opened), *(Entry(at=1.8e9 + place, call=row) for place, row in enumerate(rows))]
    sqlite_rows.add(store, entries)
    store.close()
    return path


@pytest.fixture
def run(ledger: Path, tmp_path: Path) -> Run:
    settings = tmp_path / "lockgate.yaml"
    settings.write_text(json.dumps({"ledger": {"kind": "sqlite", "path": str(ledger)}}))

    def ran(*words: str) -> Result:
        return CliRunner().invoke(root, [*words, "--config", str(settings)], prog_name="lockgate")

    return ran


def test_usage_is_a_table_with_the_dearest_first(run: Run) -> None:
    told = run("usage", "--by", "tenant,model", "--since", "2020-01-01")
    assert told.exit_code == 0, told.output
    header, first, second = told.stdout.splitlines()
    assert header.split() == ["TENANT", "MODEL", "CALLS", "ERRORS", "TOKENS", "IN", "TOKENS", "OUT", "CACHED", "USD"]
    assert first.split() == ["acme", "fast", "2", "0", "2,000", "10", "0", "0.75"]
    assert second.split()[-1] == "0.000001"


def test_a_cost_that_nobody_knows_is_not_shown_as_nothing(run: Run, ledger: Path) -> None:
    store = sqlite_rows.opened(ledger, durable=False)
    sqlite_rows.add(store, [Entry(at=1.9e9, call=call("acme", None)), Entry(at=1.9e9, call=call("gamma", None))])
    store.close()
    told = run("usage", "--by", "tenant", "--since", "2020-01-01").stdout.splitlines()
    assert [line.split("  ")[-1].strip() for line in told] == ["USD", "0.75 + unknown", "0.000001", "unknown"]


def test_usage_is_data_for_programs_and_exact(run: Run) -> None:
    rows = json.loads(run("usage", "--by", "tenant", "--since", "2020-01-01", "--format", "json").stdout)
    assert [(row["tenant"], row["usd"], row["calls"]) for row in rows] == [("acme", "0.75", 2), ("beta", "0.000001", 1)]
    lines = run("usage", "--by", "tenant", "--since", "2020-01-01", "--format", "csv").stdout.splitlines()
    assert lines[0].startswith("tenant,calls,errors,attempts,")
    assert lines[2].startswith("beta,1,0,1,1000,5,0,0,0.000001")


def test_usage_is_a_plot_whose_longest_bar_is_the_dearest(run: Run) -> None:
    told = run("usage", "--by", "tenant", "--since", "2020-01-01", "--format", "plot").stdout
    _, first, second = told.splitlines()
    assert first.count("█") == 40
    assert second.count("█") == 0


def test_usage_of_no_time_and_of_no_such_key_is_said(run: Run) -> None:
    assert run("usage", "--since", "2030-01-01").stdout.splitlines()[1:] == []
    wrong = run("usage", "--by", "colour")
    assert (wrong.exit_code, "'colour' is none of tenant" in wrong.stderr) == (1, True)
    wrong = run("usage", "--since", "yesterday")
    assert (wrong.exit_code, "write 7d" in wrong.stderr) == (1, True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 1e9 - 604_800),
        ("90m", 1e9 - 5_400),
        ("2001-09-09", 999_993_600),
        ("2001-09-09T01:46:40Z", 1e9),
        ("", None),
    ],
)
def test_times_are_ago_or_dates_in_utc(text: str, seconds: float | None) -> None:
    assert moment(text, 1e9) == seconds


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        moment("7 moons", 1e9)


def test_the_chain_is_whole_and_holds_what_was_noted(run: Run, ledger: Path) -> None:
    told = run("audit", "verify")
    assert (told.exit_code, told.stdout.startswith("4 rows, whole; head ")) == (0, True)
    head = told.stdout.split()[-1]
    assert run("audit", "verify", "--head", head.upper()).exit_code == 0
    missed = run("audit", "verify", "--head", "ab" * 32)
    assert (missed.exit_code, "noted is not in it" in missed.stderr) == (1, True)


def test_a_flipped_byte_is_found(run: Run, ledger: Path) -> None:
    with sqlite3.connect(ledger) as store:
        store.execute("UPDATE rows SET body = CAST(replace(CAST(body AS TEXT), 'acme', 'bcme') AS BLOB)")
    told = run("audit", "verify")
    assert (told.exit_code, told.stderr) == (1, "error: row 2: it is not what was written\n")
    verdict: dict[str, Any] = json.loads(run("audit", "verify", "--json").stdout)
    assert (verdict["row"], verdict["rows"]) == (2, 1)


def test_what_was_done_is_listed(run: Run) -> None:
    told = run("audit", "list").stdout
    assert told.splitlines()[1].split() == [
        "1", "2027-01-15T08:00:00.000+00:00", "opened", "gateway", "lockgate", "version=0.1.0"
    ]  # fmt: skip
    assert json.loads(run("audit", "list", "--kind", "closed", "--json").stdout) == []
    assert run("audit", "list", "--kind", "brewed").exit_code == 1


def test_settings_without_a_ledger_say_what_to_add(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text("{}")
    told = CliRunner().invoke(root, ["usage", "--config", str(path)])
    assert (told.exit_code, "add `ledger: {kind: sqlite" in told.stderr) == (1, True)
