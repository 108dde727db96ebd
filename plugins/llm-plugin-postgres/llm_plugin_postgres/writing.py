"""Rows added to the chain in PostgreSQL, tables made, old months removed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from llm_plugin_postgres.tables import CONTENT_FIELDS, LINE_FIELDS, MIGRATION_LOCK, MIGRATIONS, ROW_FIELDS, Month
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger_rows import End, Entry, Row, end_of, lines, link

Connection = Any
"""An asyncpg connection, whose types come from a pool or from none."""


async def migrate(store: Connection, schema: str) -> None:
    """Gives the database the tables as this version has them. Raises LockgateError when a newer one was here."""
    async with store.transaction():
        await store.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await store.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        await store.execute(f"CREATE TABLE IF NOT EXISTS {schema}.migrations (version integer PRIMARY KEY)")
        done: int = await store.fetchval(f"SELECT coalesce(max(version), 0) FROM {schema}.migrations")  # noqa: S608 - the schema's name is checked
        if done > len(MIGRATIONS):
            raise LockgateError(f"the ledger in schema {schema} was made by a newer version of llm-plugin-postgres")
        for version, statements in enumerate(MIGRATIONS[done:], done + 1):
            await store.execute(statements.format(schema=schema))
            await store.execute(f"INSERT INTO {schema}.migrations VALUES ($1)", version)  # noqa: S608 - as above


_LOCK_END = "SELECT number, hash, at FROM {}.ends WHERE which = 'last' FOR UPDATE"
_MONTHS = "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename ~ '^(rows|lines)_[0-9]{4}_[0-9]{2}$'"


class Writer:
    """Adds rows over one connection at a time. A commit whose answer was lost with its connection is looked up before
    its rows are written again."""

    def __init__(self, schema: str, keep_months: int | None) -> None:
        self._schema = schema
        self._keep = keep_months
        self._months: set[str] = set()
        self._doubt: tuple[Sequence[Entry], End] | None = None

    async def add(self, store: Connection, entries: Sequence[Entry]) -> None:
        """All of them in one transaction, at the end of the chain as it is by then, whoever wrote last."""
        if self._doubt is not None:
            written, end = self._doubt
            if written is entries and await self._has(store, end):
                self._doubt = None
                return
            self._doubt = None
        async with store.transaction():
            # The row of the end is locked: gateways that share the database write one after the other.
            end = End(*await store.fetchrow(self._sql(_LOCK_END)))
            rows = await asyncio.to_thread(link, end, entries)
            added = {month.name for month in map(Month, {row.entry.at for row in rows})}
            await self._make(store, rows, added)
            await self._copy(store, rows)
            last = end_of(rows)
            self._doubt = entries, last
            await store.execute(
                self._sql("UPDATE {}.ends SET number = $1, hash = $2, at = $3 WHERE which = 'last'"),
                last.number,
                last.hash,
                last.at,
            )
        self._doubt = None
        self._months |= added

    async def prune(self, store: Connection, now: float) -> None:
        """Removes prompts and answers that were kept for long enough, and the months that are too old: then it keeps
        the hash that the chain begins from."""
        await store.execute(self._sql("DELETE FROM {}.contents WHERE until <= $1"), now)
        if self._keep is None:
            return
        before = Month(now).before(self._keep).begins
        async with store.transaction():
            await store.fetchrow(self._sql(_LOCK_END))
            found = await store.fetchrow(
                self._sql("SELECT number, hash, at FROM {}.rows WHERE at < $1 ORDER BY number DESC LIMIT 1"), before
            )
            if found is None:
                return
            await store.execute(
                self._sql("UPDATE {}.ends SET number = $1, hash = $2, at = $3 WHERE which = 'before_first'"), *found
            )
            await store.execute(self._sql("DELETE FROM {}.contents WHERE at < $1"), before)
            for (name,) in await store.fetch(_MONTHS, self._schema):
                if name.partition("_")[2] < Month(before).name:
                    await store.execute(f"DROP TABLE {self._schema}.{name}")

    async def _has(self, store: Connection, end: End) -> bool:
        found = await store.fetchval(self._sql("SELECT hash FROM {}.rows WHERE number = $1"), end.number)
        return bool(found == end.hash)

    async def _make(self, store: Connection, rows: Sequence[Row], names: set[str]) -> None:
        for name in sorted(names - self._months):
            if await store.fetchval("SELECT to_regclass($1)", f"{self._schema}.lines_{name}") is None:
                at = next(row.entry.at for row in rows if Month(row.entry.at).name == name)
                await store.execute(Month(at).statements(self._schema))

    async def _copy(self, store: Connection, rows: Sequence[Row]) -> None:
        await store.copy_records_to_table(
            "rows",
            schema_name=self._schema,
            columns=ROW_FIELDS,
            records=[(row.number, row.entry.at, row.entry.kind, row.body, row.hash) for row in rows],
        )
        await store.copy_records_to_table(
            "lines",
            schema_name=self._schema,
            columns=("number", *LINE_FIELDS),
            records=[
                (row.number, *(getattr(line, name) for name in LINE_FIELDS))
                for row in rows
                for line in lines(row.entry)
            ],
        )
        contents = [
            (row.number, at, told.request_id, at + told.keep_for, told.prompt, told.answer, told.cut)
            for row in rows
            if (told := row.entry.content) is not None and (at := row.entry.at)
        ]
        if contents:
            await store.copy_records_to_table(
                "contents", schema_name=self._schema, columns=CONTENT_FIELDS, records=contents
            )

    def _sql(self, statement: str) -> str:
        return statement.format(self._schema)


def lost(error: BaseException) -> bool:
    """Did the connection go, or the server, so that another may do?"""
    return isinstance(
        error,
        OSError
        | TimeoutError
        | asyncpg.PostgresConnectionError
        | asyncpg.InterfaceError
        # What asyncpg says when the server ends a connection in the very moment in which something is asked of it.
        | asyncpg.InternalClientError
        | asyncpg.OperatorInterventionError,
    )
