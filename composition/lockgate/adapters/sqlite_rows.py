"""The tables of a ledger in SQLite: rows added to the chain, checked and removed. Blocks."""

import os
import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from shutil import disk_usage
from typing import Any

import msgspec
from msgspec.structs import astuple

from lockgate.adapters import sqlite_contents
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import AuditQuery, AuditRow, KeptContent, Verdict
from lockgate_ports.ledger_check import ChainCheck
from lockgate_ports.ledger_rows import End, Entry, Line, decode, end_of, lines, link
from lockgate_ports.store_health import StoreHealth

_VERSION = 2
_FIELDS = Line.__struct_fields__
_USD = _FIELDS.index("usd")
_COLUMNS = ", ".join(f'"{name}"' for name in _FIELDS)
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS rows (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT, body BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS audit_events ON rows (at) WHERE kind IS NOT NULL;
CREATE TABLE IF NOT EXISTS lines (number INTEGER NOT NULL, {_COLUMNS}, PRIMARY KEY (number, place)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lines_at ON lines (at);
CREATE TABLE IF NOT EXISTS ends (
    which TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL, at REAL NOT NULL
) STRICT;
{sqlite_contents.SCHEMA}
PRAGMA user_version = {_VERSION};
"""
_ADD_ROW = "INSERT INTO rows (number, at, kind, body, hash) VALUES (?, ?, ?, ?, ?)"
_ADD_LINE = f"INSERT INTO lines VALUES ({', '.join('?' * (len(_FIELDS) + 1))})"  # noqa: S608 - question marks alone
_STRANGERS = "SELECT count(*) FROM lines WHERE number NOT IN (SELECT number FROM rows)"
_SET_END = "INSERT OR REPLACE INTO ends VALUES (?, ?, ?, ?)"
_EVERYTHING = """
SELECT rows.number, rows.at, rows.kind, rows.body, rows.hash, lines.* FROM rows
LEFT JOIN lines ON lines.number = rows.number ORDER BY rows.number, lines.place
"""
_LAST_BEFORE = """
SELECT max(number) FROM (
    SELECT max(number) AS number FROM lines WHERE at < ?
    UNION ALL SELECT max(number) FROM rows WHERE kind IS NOT NULL AND at < ?
)
"""
_WAIT_FOR_OTHERS = 30.0
_MIB = 1024 * 1024
_LEAST_ROOM = 64


def opened(path: Path, *, durable: bool) -> sqlite3.Connection:
    """The store at `path`, made where there is none. `durable`: a commit is on the disk when it returns. Raises
    LockgateError for one that a newer version made."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    store = sqlite3.connect(path, timeout=_WAIT_FOR_OTHERS, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    store.execute("PRAGMA secure_delete = ON")  # what was kept of prompts is gone from the file with its row
    (version,) = store.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        store.close()
        raise LockgateError(f"the ledger at {str(path)!r} was made by a newer version of Lockgate (layout {version})")
    if version < _VERSION:
        store.executescript(_SCHEMA)
    return store


def add(store: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """All of them in one transaction, at the end of the chain as it is by then, whoever wrote last."""
    with _transaction(store):
        rows = link(_end(store, "last"), entries)
        store.executemany(_ADD_ROW, [(row.number, row.entry.at, row.entry.kind, row.body, row.hash) for row in rows])
        store.executemany(_ADD_LINE, [(row.number, *_values(line)) for row in rows for line in lines(row.entry)])
        sqlite_contents.add(store, rows)
        _set_end(store, "last", end_of(rows))


def prune(store: sqlite3.Connection, before: float) -> None:
    """Removes rows from before a moment (seconds since 1970), and keeps the hash that the chain then begins from."""
    with _transaction(store):
        (last,) = store.execute(_LAST_BEFORE, (before, before)).fetchone()
        if last is not None:
            end = End(*store.execute("SELECT number, hash, at FROM rows WHERE number = ?", (last,)).fetchone())
            _set_end(store, "before_first", end)
            store.execute("DELETE FROM rows WHERE number <= ?", (end.number,))
            store.execute("DELETE FROM lines WHERE number <= ?", (end.number,))
            store.execute("DELETE FROM contents WHERE number <= ?", (end.number,))


def reading(path: Path) -> sqlite3.Connection:
    """The store, to read. Raises LockgateError when there is none."""
    if not path.is_file():
        raise LockgateError(f"there is no ledger at {str(path)!r} yet: it is made with the first call")
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_WAIT_FOR_OTHERS)


def events(path: Path, query: AuditQuery) -> list[AuditRow]:
    """Audit events, in their order. Raises LockgateError."""
    where = ["kind IS NOT NULL", "at >= ?", "at < ?"]
    values: list[object] = [query.since or 0.0, query.until if query.until is not None else 1e18]
    if query.kinds:
        where.append(f"kind IN ({', '.join('?' * len(query.kinds))})")
        values += query.kinds
    sql = f"SELECT number, body FROM rows WHERE {' AND '.join(where)} ORDER BY at DESC, number DESC LIMIT ?"  # noqa: S608 - words of our own alone
    with closing(reading(path)) as store:
        found = store.execute(sql, (*values, query.most)).fetchall()
    told = [(number, decode(body)) for number, body in reversed(found)]
    return [AuditRow(number=number, at=entry.at, event=entry.audit) for number, entry in told if entry.audit]


def contents(path: Path, request_id: str, now: float) -> list[KeptContent]:
    """What is kept of prompts and answers of calls with this id, at this time. Raises LockgateError."""
    with closing(reading(path)) as store:
        (version,) = store.execute("PRAGMA user_version").fetchone()
        return sqlite_contents.found(store, request_id, now) if version >= _VERSION else []


def verdict(path: Path, head: str | None = None) -> Verdict:
    """Reads every row and compares it with the chain, and what is added up with the rows. Raises LockgateError."""
    with closing(reading(path)) as store:
        store.execute("BEGIN")  # one view of it, while others go on writing
        check = ChainCheck(_end(store, "before_first"), head)
        found: Iterable[tuple[Any, ...]] = store.execute(_EVERYTHING)
        for (number, at, kind, body, hashed), group in groupby(found, key=lambda row: row[:5]):
            if fault := check.take(number, at, kind, body, hashed, _lines(row[6:] for row in group if row[5])):
                return fault
        (strangers,) = store.execute(_STRANGERS).fetchone()
        return check.end(_end(store, "last"), strangers)


def health(path: Path) -> StoreHealth:
    """As SqliteLedger tells it. Raises LockgateError."""
    with closing(reading(path)) as store:
        try:
            (version,) = store.execute("PRAGMA user_version").fetchone()
            last = _end(store, "last")
        except sqlite3.Error as error:
            raise LockgateError(f"the ledger at {str(path)!r} cannot be read: {error}") from None
    size, free = path.stat().st_size / _MIB, disk_usage(path.parent).free / _MIB
    faults: list[str] = []
    if version > _VERSION:
        faults.append("a newer version of Lockgate made it")
    if not os.access(path, os.W_OK):
        faults.append("it may not be written by whoever looks")
    if free < _LEAST_ROOM:
        faults.append(f"only {free:.0f} MiB are free where it stands: make room, or set keep_days")
    return StoreHealth(says=f"layout {version}, {last.number} rows so far, {size:.1f} MiB", faults=tuple(faults))


@contextmanager
def _transaction(store: sqlite3.Connection) -> Generator[None, None, None]:
    store.execute("BEGIN IMMEDIATE")
    try:
        yield
        store.execute("COMMIT")
    except BaseException:
        if store.in_transaction:  # a commit that fails may have rolled back by itself
            store.execute("ROLLBACK")
        raise


def _end(store: sqlite3.Connection, which: str) -> End:
    """The last row, or the one before the first that is kept."""
    found = store.execute("SELECT number, hash, at FROM ends WHERE which = ?", (which,)).fetchone()
    return End() if found is None else End(*found)


def _set_end(store: sqlite3.Connection, which: str, end: End) -> None:
    store.execute(_SET_END, (which, end.number, end.hash, end.at))


def _values(line: Line) -> tuple[object, ...]:
    values = list(astuple(line))
    if line.usd is not None:
        values[_USD] = str(line.usd)  # SQLite's own numbers are not exact
    return tuple(values)


def _lines(found: Iterable[Sequence[Any]]) -> list[Line] | None:
    """Back from `_values`; None for what no line was written as."""
    try:
        return [msgspec.convert(dict(zip(_FIELDS, values, strict=True)), Line, strict=False) for values in found]
    except msgspec.ValidationError:
        return None
