"""LedgerPort in one SQLite file, which several processes of a machine may share."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Sequence
from pathlib import Path
from threading import Lock

from lockgate.adapters import sqlite_contents, sqlite_rows, sqlite_sums
from lockgate.adapters.sqlite_settings import SqliteLedgerSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.ledger import AuditEvent, AuditQuery, AuditRow, Content, KeptContent, UsageQuery, UsageSum, Verdict
from lockgate_ports.ledger_queue import LedgerQueue
from lockgate_ports.ledger_rows import Entry
from lockgate_ports.records import CallRecord
from lockgate_ports.store_health import StoreHealth

_log = logging.getLogger("lockgate.ledger")
_PRUNE_EVERY = 3600.0


class SqliteLedger:
    """Opens its file when it is first needed. Rows are written in a thread, many in one commit."""

    def __init__(self, settings: SqliteLedgerSettings) -> None:
        self._path = Path(settings.path)
        self._durable = settings.durability == "before_answer"
        self._keep = None if settings.keep_days is None else settings.keep_days * 86_400.0
        self._queue = LedgerQueue(self._write, durable=self._durable, most=settings.queue)
        self._store: sqlite3.Connection | None = None
        self._busy = Lock()
        self._pruned = 0.0
        if not self._path.parent.is_dir():
            raise SettingsError(f"ledger.path: there is no folder {str(self._path.parent)!r}; make it first")

    @property
    def lost(self) -> int:
        """How many rows could not be kept."""
        return self._queue.lost

    def append(self, row: CallRecord | AuditEvent, content: Content | None = None) -> Awaitable[None] | None:
        """Take a row, at once."""
        return self._queue.put(row, content)

    async def usage(self, query: UsageQuery) -> Sequence[UsageSum]:
        """Sums over the calls, the dearest first. Raises LockgateError when the file cannot be read."""
        return await asyncio.to_thread(sqlite_sums.sums, self._path, query)

    async def audit(self, query: AuditQuery) -> Sequence[AuditRow]:
        """Audit events, in their order. Raises LockgateError when the file cannot be read."""
        return await asyncio.to_thread(sqlite_rows.events, self._path, query)

    async def content(self, request_id: str) -> Sequence[KeptContent]:
        """What is kept of calls with this id. Raises LockgateError when the file cannot be read."""
        return await asyncio.to_thread(sqlite_rows.contents, self._path, request_id, time.time())

    async def verify(self, head: str | None = None) -> Verdict:
        """Reads the whole chain, which must hold `head`. Raises LockgateError when the file cannot be read."""
        return await asyncio.to_thread(sqlite_rows.verdict, self._path, head)

    async def health(self) -> StoreHealth:
        """Its layout, its size, and the room that is left. Raises LockgateError when it cannot be read."""
        return await asyncio.to_thread(sqlite_rows.health, self._path)

    async def aclose(self) -> None:
        """Write what is left."""
        await self._queue.aclose()
        with self._busy:
            if self._store is not None:
                self._store.close()
                self._store = None

    async def _write(self, entries: Sequence[Entry]) -> None:
        await asyncio.to_thread(self._commit, entries)

    def _commit(self, entries: Sequence[Entry]) -> None:
        with self._busy:
            if self._store is None:
                self._store = sqlite_rows.opened(self._path, durable=self._durable)
            sqlite_rows.add(self._store, entries)
            now = time.time()
            if now - self._pruned > _PRUNE_EVERY:
                self._pruned = now
                try:
                    sqlite_contents.prune(self._store, now)
                    if self._keep is not None:
                        sqlite_rows.prune(self._store, now - self._keep)
                except sqlite3.Error as error:  # the rows are kept all the same, and must not be written again
                    _log.error("old rows of the ledger could not be removed: %s", error)
