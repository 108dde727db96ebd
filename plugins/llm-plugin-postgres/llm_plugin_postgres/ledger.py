"""LedgerPort in PostgreSQL, which many gateways may share: theirs is one chain."""

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from llm_plugin_postgres import reading
from llm_plugin_postgres.kind import PostgresSettings
from llm_plugin_postgres.writing import Writer, lost, migrate
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import AuditEvent, AuditQuery, AuditRow, Content, KeptContent, UsageQuery, UsageSum, Verdict
from lockgate_ports.ledger_queue import LedgerQueue
from lockgate_ports.ledger_rows import Entry
from lockgate_ports.records import CallRecord
from lockgate_ports.store_health import StoreHealth

_log = logging.getLogger("lockgate.ledger")
_PRUNE_EVERY = 3600.0
_READING = 600.0
"""Seconds that one statement of a report may take."""


class PostgresLedger:
    """Connects when it is first needed: one connection to write by, and one for as long as somebody reads.

    `dsn` fetches the connection string anew for each connection, so that a password may change.
    """

    def __init__(self, settings: PostgresSettings, dsn: Callable[[], Awaitable[str]]) -> None:
        self._settings = settings
        self._dsn = dsn
        self._queue = LedgerQueue(self._write, durable=settings.durability == "before_answer", most=settings.queue)
        self._writer = Writer(settings.schema, settings.keep_months)
        self._store: Any = None
        self._migrated = False
        self._pruned = 0.0

    @property
    def lost(self) -> int:
        """How many rows could not be kept."""
        return self._queue.lost

    def append(self, row: CallRecord | AuditEvent, content: Content | None = None) -> Awaitable[None] | None:
        """Take a row, at once."""
        return self._queue.put(row, content)

    async def usage(self, query: UsageQuery) -> Sequence[UsageSum]:
        """Sums over the calls, the dearest first. Raises LockgateError when the database cannot be read."""
        async with self._read() as store:
            return await reading.sums(store, self._settings.schema, query)

    async def audit(self, query: AuditQuery) -> Sequence[AuditRow]:
        """Audit events, in their order. Raises LockgateError when the database cannot be read."""
        async with self._read() as store:
            return await reading.events(store, self._settings.schema, query)

    async def content(self, request_id: str) -> Sequence[KeptContent]:
        """What is kept of calls with this id. Raises LockgateError when the database cannot be read."""
        async with self._read() as store:
            return await reading.contents(store, self._settings.schema, request_id, time.time())

    async def verify(self, head: str | None = None) -> Verdict:
        """Reads the whole chain, which must hold `head`. Raises LockgateError when the database cannot be read."""
        async with self._read() as store:
            return await reading.verdict(store, self._settings.schema, head)

    async def health(self) -> StoreHealth:
        """Its version, layout and clock, and whether it can be written. Raises LockgateError when it is away."""
        async with self._read() as store:
            return await reading.health(store, self._settings.schema)

    async def aclose(self) -> None:
        """Write what is left."""
        await self._queue.aclose()
        if self._store is not None:
            await self._store.close(timeout=self._settings.timeout)
            self._store = None

    async def _write(self, entries: Sequence[Entry]) -> None:
        try:
            await self._add(entries)
        except Exception as error:
            if not lost(error):
                raise
            # The server may have been started anew since the last rows: that is found out by writing alone.
            await self._add(entries)

    async def _add(self, entries: Sequence[Entry]) -> None:
        store = self._store
        if store is None or store.is_closed():
            self._store = store = await self._connected(self._settings.timeout)
        try:
            await self._writer.add(store, entries)
        except BaseException as error:
            if lost(error) or not isinstance(error, Exception):
                self._store = None
                store.terminate()
            raise
        if (now := time.time()) - self._pruned > _PRUNE_EVERY:
            self._pruned = now
            try:
                await self._writer.prune(store, now)
            except Exception as error:  # noqa: BLE001 - the rows are kept all the same, and must not be written again
                _log.error("old months of the ledger could not be removed: %s", _told(error))

    async def _connected(self, timeout: float) -> Any:
        store = await asyncpg.connect(
            await self._dsn(), timeout=self._settings.timeout, command_timeout=timeout, server_settings=_ME
        )
        try:
            if not self._migrated:
                await migrate(store, self._settings.schema)
                self._migrated = True
        except BaseException:
            store.terminate()
            raise
        return store

    @asynccontextmanager
    async def _read(self) -> AsyncGenerator[Any, None]:
        try:
            store = await self._connected(_READING)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
            raise LockgateError(f"the ledger's database cannot be reached: {_told(error)}") from None
        try:
            yield store
        except asyncpg.PostgresError as error:
            raise LockgateError(f"the ledger's database cannot be read: {_told(error)}") from None
        finally:
            await store.close(timeout=self._settings.timeout)


_ME = {"application_name": "lockgate"}


def _told(error: BaseException) -> str:
    """The error without its text where that may repeat the connection string."""
    named = type(error).__name__
    return f"{named}: {str(error)[:200]}" if isinstance(error, asyncpg.PostgresError | OSError) else named
