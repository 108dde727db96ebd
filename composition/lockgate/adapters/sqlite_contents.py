"""What is kept of prompts and answers beside the rows of a ledger in SQLite. Blocks."""

import sqlite3
from collections.abc import Sequence

from lockgate_ports.ledger import Content, KeptContent
from lockgate_ports.ledger_rows import Row, kept

SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (
    number INTEGER PRIMARY KEY, request_id TEXT NOT NULL, until REAL NOT NULL, prompt TEXT, answer TEXT,
    cut INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS contents_request ON contents (request_id);
CREATE INDEX IF NOT EXISTS contents_until ON contents (until);
"""
_ADD = "INSERT INTO contents VALUES (?, ?, ?, ?, ?, ?)"
_FIND = """
SELECT rows.number, body, at, until, prompt, answer, cut FROM contents JOIN rows ON rows.number = contents.number
WHERE request_id = ? AND until > ? ORDER BY rows.number
"""


def add(store: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Those of these rows, within a transaction."""
    told = [(row.number, row.entry.at, row.entry.content) for row in rows if row.entry.content is not None]
    if told:
        values = [
            (number, each.request_id, at + each.keep_for, each.prompt, each.answer, each.cut)
            for number, at, each in told
        ]
        store.executemany(_ADD, values)


def prune(store: sqlite3.Connection, now: float) -> None:
    """Removes what has been kept for long enough (`now` in seconds since 1970)."""
    store.execute("DELETE FROM contents WHERE until <= ?", (now,))


def found(store: sqlite3.Connection, request_id: str, now: float) -> list[KeptContent]:
    """What is kept of calls with this id."""
    return [
        kept(
            number,
            body,
            Content(request_id=request_id, keep_for=until - at, prompt=prompt, answer=answer, cut=bool(cut)),
        )
        for number, body, at, until, prompt, answer, cut in store.execute(_FIND, (request_id, now))
    ]
