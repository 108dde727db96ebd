"""The tables of a ledger in SQLite: rows added to the chain, added up, checked and removed. Blocks."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec

from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import UsageQuery, UsageSum, Verdict
from lockgate_ports.ledger_rows import GENESIS, GROUPS, CallColumns, Entry, columns, decode, encode, seal

_FIELDS = CallColumns.__struct_fields__
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ends (which TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS calls (number INTEGER PRIMARY KEY, {", ".join(f'"{name}"' for name in _FIELDS)});
CREATE INDEX IF NOT EXISTS calls_at ON calls (at);
"""
_ADD_ROW = "INSERT INTO rows (number, body, hash) VALUES (?, ?, ?)"
_ADD_CALL = f"INSERT INTO calls VALUES ({', '.join('?' * (len(_FIELDS) + 1))})"  # noqa: S608 - question marks alone
_STRANGERS = "SELECT count(*) FROM calls WHERE number NOT IN (SELECT number FROM rows)"
_SET_END = "INSERT OR REPLACE INTO ends VALUES (?, ?, ?)"
_WAIT_FOR_OTHERS = 30.0


def opened(path: Path, *, durable: bool) -> sqlite3.Connection:
    """The store at `path`, made where there is none. `durable`: a commit is on the disk when it returns."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    store = sqlite3.connect(path, timeout=_WAIT_FOR_OTHERS, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    store.executescript(_SCHEMA)
    return store


def add(store: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """All of them in one transaction, at the end of the chain as it is by then, whoever wrote last."""
    store.execute("BEGIN IMMEDIATE")
    try:
        number, previous = _end(store, "last")
        rows: list[tuple[int, bytes, bytes]] = []
        calls: list[tuple[object, ...]] = []
        for entry in entries:
            number += 1
            body = encode(entry)
            previous = seal(previous, number, body)
            rows.append((number, body, previous))
            if entry.call is not None:
                calls.append((number, *_values(columns(entry.at, entry.call))))
        store.executemany(_ADD_ROW, rows)
        store.executemany(_ADD_CALL, calls)
        store.execute(_SET_END, ("last", number, previous))
        store.execute("COMMIT")
    except BaseException:
        store.execute("ROLLBACK")
        raise


def prune(store: sqlite3.Connection, before: float) -> None:
    """Removes rows from before a moment (seconds since 1970), and keeps the hash that the chain then begins from."""
    store.execute("BEGIN IMMEDIATE")
    try:
        found = store.execute("SELECT max(number) FROM calls WHERE at < ?", (before,)).fetchone()[0]
        if found is not None:
            hashed = store.execute("SELECT hash FROM rows WHERE number = ?", (found,)).fetchone()[0]
            store.execute(_SET_END, ("before_first", found, hashed))
            store.execute("DELETE FROM rows WHERE number <= ?", (found,))
            store.execute("DELETE FROM calls WHERE number <= ?", (found,))
        store.execute("COMMIT")
    except BaseException:
        store.execute("ROLLBACK")
        raise


def reading(path: Path) -> sqlite3.Connection:
    """The store, to read. Raises LockgateError when there is none."""
    if not path.is_file():
        raise LockgateError(f"there is no ledger at {str(path)!r} yet: it is made with the first call")
    store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_WAIT_FOR_OTHERS)
    store.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]  # typeshed wants ints
    return store


def sums(path: Path, query: UsageQuery) -> list[UsageSum]:
    """Sums over the calls, the dearest first. Raises LockgateError."""
    groups = [_GROUPS[word] for word in query.by]
    where = ["at >= ?", "at < ?"]
    values: list[object] = [query.since or 0.0, query.until if query.until is not None else 1e18]
    if query.tenant is not None:
        where.append("tenant = ?")
        values.append(query.tenant)
    chosen = ", ".join(
        [
            *groups,
            "count(*)",
            "sum(outcome <> 'ok')",
            "sum(attempts)",
            "sum(input_tokens)",
            "sum(output_tokens)",
            "sum(cache_read_tokens)",
            "sum(NOT metered)",
            "exact_sum(usd)",
            "exact_sum(CASE basis WHEN 'estimated' THEN usd END)",
            "sum(basis IS 'unknown')",
        ]
    )
    grouped = f" GROUP BY {', '.join(groups)}" if groups else " HAVING count(*)"
    sql = f"SELECT {chosen} FROM calls WHERE {' AND '.join(where)}{grouped}"  # noqa: S608 - words of our own alone
    with closing(reading(path)) as store:
        found = store.execute(sql, values).fetchall()
    count = len(groups)
    told = [
        UsageSum(
            group=tuple(row[:count]),
            calls=row[count],
            errors=row[count + 1],
            attempts=row[count + 2],
            input_tokens=row[count + 3],
            output_tokens=row[count + 4],
            cache_read_tokens=row[count + 5],
            unmetered=row[count + 6],
            usd=Decimal(row[count + 7]),
            estimated_usd=Decimal(row[count + 8]),
            unpriced=row[count + 9],
        )
        for row in found
    ]
    return sorted(told, key=lambda each: (-each.usd, -each.calls, tuple(part or "" for part in each.group)))


def verdict(path: Path) -> Verdict:
    """Reads every row and compares it with the chain, and what is added up with the rows. Raises LockgateError."""
    with closing(reading(path)) as store:
        number, previous = _end(store, "before_first")
        count = 0
        found = store.execute(
            "SELECT rows.number, rows.body, rows.hash, calls.* FROM rows LEFT JOIN calls ON calls.number = rows.number "
            "ORDER BY rows.number"
        )
        for at, body, hashed, *call in found:
            number += 1
            if at != number:
                return Verdict(rows=count, head=previous.hex(), fault=f"row {number} is not there", row=number)
            previous = seal(previous, number, body)
            if hashed != previous:
                return Verdict(rows=count, head=previous.hex(), fault="it is not what was written", row=number)
            if fault := _differs(body, call[1:]):
                return Verdict(rows=count, head=previous.hex(), fault=fault, row=number)
            count += 1
        head = previous.hex() if number else ""
        last, _ = _end(store, "last")
        if last != number:
            return Verdict(rows=count, head=head, fault=f"rows {number + 1} to {last} are not there", row=number + 1)
        (strangers,) = store.execute(_STRANGERS).fetchone()
        if strangers:
            return Verdict(rows=count, head=head, fault=f"{strangers} calls are added up that no row tells of")
    return Verdict(rows=count, head=head)


def _differs(body: bytes, call: Sequence[object]) -> str | None:
    try:
        entry = decode(body)
    except msgspec.MsgspecError:
        return "it cannot be read"
    told = [None] * len(_FIELDS) if entry.call is None else list(_values(columns(entry.at, entry.call)))
    wrong = [name for name, a, b in zip(_FIELDS, told, call, strict=True) if a != b]
    return f"what is added up of it differs: {', '.join(wrong)}" if wrong else None


def _end(store: sqlite3.Connection, which: str) -> tuple[int, bytes]:
    """The number and hash of the last row, or of the one before the first that is kept."""
    found = store.execute("SELECT number, hash FROM ends WHERE which = ?", (which,)).fetchone()
    return (0, GENESIS) if found is None else (found[0], bytes(found[1]))


def _values(call: CallColumns) -> tuple[object, ...]:
    return tuple(
        str(value) if isinstance(value, Decimal) else int(value) if isinstance(value, bool) else value
        for value in (getattr(call, name) for name in _FIELDS)
    )


_GROUPS = {
    **{word: f'"{name}"' for word, name in GROUPS.items()},
    "day": "strftime('%Y-%m-%d', at, 'unixepoch')",
    "hour": "strftime('%Y-%m-%dT%H:00Z', at, 'unixepoch')",
}


class _ExactSum:
    """Adds up decimals that are kept as text."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: str | None) -> None:
        if value is not None:
            self._sum += Decimal(value)

    def finalize(self) -> str:
        return str(self._sum)
