"""No answered call is missing from the database, however the server dies. LOCKGATE_KILLS says how often."""

import os
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from lockgate_ports.ledger_rows import decode
from lockgate_ports.testkit.killing import answered_before_kills

KILLS = int(os.environ.get("LOCKGATE_KILLS", "2"))


@pytest.mark.timeout(60 + 20 * KILLS)
async def test_every_answered_call_is_in_the_database_of_a_gateway_that_is_killed(
    server: Any, opened: Any, schema: str, tmp_path: Path
) -> None:
    ledger = {"kind": "postgres", "credential_ref": "env:DSN", "schema": schema, "durability": "before_answer"}
    answered = await answered_before_kills(ledger, tmp_path, KILLS, {"DSN": server.get_uri()})
    assert (await opened().verify()).fault is None
    store = await asyncpg.connect(server.get_uri())
    found = await store.fetch(f"SELECT body FROM {schema}.rows")
    await store.close()
    calls = [decode(body).call for (body,) in found]
    kept = [call.request_id for call in calls if call is not None]
    assert len(answered) >= 6 * KILLS
    assert answered <= set(kept)
    assert len(kept) == len(set(kept))
