"""No answered call is missing from a ledger that is written before answers, however the server dies.

LOCKGATE_KILLS says how often it is killed: a few times unless it is set.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lockgate.adapters.sqlite_ledger import SqliteLedger
from lockgate.adapters.sqlite_settings import SqliteLedgerSettings
from lockgate_ports.ledger_rows import decode
from lockgate_ports.testkit.killing import answered_before_kills

KILLS = int(os.environ.get("LOCKGATE_KILLS", "2"))


@pytest.mark.timeout(60 + 20 * KILLS)
async def test_every_answered_call_is_in_the_ledger_of_a_gateway_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = {"kind": "sqlite", "path": str(path), "durability": "before_answer"}
    answered = await answered_before_kills(ledger, tmp_path, KILLS)
    verdict = await SqliteLedger(SqliteLedgerSettings(path=str(path))).verify()
    assert verdict.fault is None
    with closing(sqlite3.connect(path)) as store:
        calls = [decode(body).call for (body,) in store.execute("SELECT body FROM rows")]
    kept = [call.request_id for call in calls if call is not None]
    assert len(answered) >= 6 * KILLS
    assert answered <= set(kept)
    assert len(kept) == len(set(kept))
