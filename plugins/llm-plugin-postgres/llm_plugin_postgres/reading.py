"""What a ledger in PostgreSQL comes to, what was done, and whether its chain holds."""

import time
from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any

import msgspec

from llm_plugin_postgres.tables import LINE_FIELDS
from lockgate_ports.ledger import (
    AuditQuery,
    AuditRow,
    Content,
    KeptContent,
    UsageKey,
    UsageQuery,
    UsageSum,
    Verdict,
    dearest_first,
)
from lockgate_ports.ledger_check import ChainCheck
from lockgate_ports.ledger_rows import End, Line, decode, kept
from lockgate_ports.store_health import StoreHealth

_DATES: dict[UsageKey, str] = {
    "day": "to_char(to_timestamp(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "hour": "to_char(to_timestamp(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00\"Z\"')",
}
_SUMS = """
count(*) FILTER (WHERE last) AS calls,
count(*) FILTER (WHERE last AND outcome <> 'ok') AS errors,
count(*) FILTER (WHERE tried) AS attempts,
coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
coalesce(sum(cache_read_tokens), 0)::bigint AS cache_read_tokens,
count(*) FILTER (WHERE NOT metered) AS unmetered,
coalesce(sum(usd), 0) AS usd,
coalesce(sum(usd) FILTER (WHERE basis = 'estimated'), 0) AS estimated_usd,
count(*) FILTER (WHERE basis = 'unknown') AS unpriced
"""
_AT_A_TIME = 2_000


async def sums(store: Any, schema: str, query: UsageQuery) -> list[UsageSum]:
    """Sums over the calls, the dearest first."""
    groups = [_DATES.get(word, f'"{word}"') for word in query.by]
    where = ["at >= $1", "at < $2"]
    values: list[object] = [query.since or 0.0, query.until if query.until is not None else 1e18]
    if query.tenant is not None:
        where.append("tenant = $3")
        values.append(query.tenant)
    numbers = ", ".join(str(place) for place in range(1, len(groups) + 1))
    grouped = f" GROUP BY {numbers}" if groups else " HAVING count(*) > 0"
    sql = f"SELECT {', '.join([*groups, _SUMS])} FROM {schema}.lines WHERE {' AND '.join(where)}{grouped}"  # noqa: S608 - words of our own alone
    found = await store.fetch(sql, *values)
    count = len(groups)
    return dearest_first(
        msgspec.convert({**dict(list(row.items())[count:]), "group": tuple(row[:count])}, UsageSum) for row in found
    )


async def events(store: Any, schema: str, query: AuditQuery) -> list[AuditRow]:
    """Audit events, in their order."""
    found = await store.fetch(
        f"SELECT number, body FROM {schema}.rows WHERE kind IS NOT NULL AND at >= $1 AND at < $2 "  # noqa: S608 - the schema's name is checked
        "AND (cardinality($3::text[]) = 0 OR kind = ANY($3)) ORDER BY number DESC LIMIT $4",
        query.since or 0.0,
        query.until if query.until is not None else 1e18,
        list(query.kinds),
        query.most,
    )
    told = [(number, decode(body)) for number, body in reversed(found)]
    return [AuditRow(number=number, at=entry.at, event=entry.audit) for number, entry in told if entry.audit]


async def contents(store: Any, schema: str, request_id: str, now: float) -> list[KeptContent]:
    """What is kept of prompts and answers of calls with this id, at this time."""
    found = await store.fetch(
        f"SELECT c.number, r.body, c.at, c.until, c.prompt, c.answer, c.cut FROM {schema}.contents c "  # noqa: S608 - as above
        f"JOIN {schema}.rows r ON r.number = c.number AND r.at = c.at "
        "WHERE c.request_id = $1 AND c.until > $2 ORDER BY c.number",
        request_id,
        now,
    )
    return [
        kept(number, body, Content(request_id=request_id, keep_for=until - at, prompt=prompt, answer=answer, cut=cut))
        for number, body, at, until, prompt, answer, cut in found
    ]


async def health(store: Any, schema: str) -> StoreHealth:
    """As PostgresLedger tells it."""
    asked = time.time()
    there = float(await store.fetchval("SELECT extract(epoch FROM clock_timestamp())"))
    here = (asked + time.time()) / 2
    layout = await store.fetchval(f"SELECT max(version) FROM {schema}.migrations")  # noqa: S608 - as above
    last = await store.fetchval(f"SELECT number FROM {schema}.ends WHERE which = 'last'")  # noqa: S608 - as above
    version = await store.fetchval("SHOW server_version")
    faults: list[str] = []
    if await store.fetchval("SELECT pg_is_in_recovery()"):
        faults.append("it is a replica, which cannot be written: name the primary")
    if await store.fetchval("SHOW default_transaction_read_only") == "on":
        faults.append("its transactions are read-only (default_transaction_read_only)")
    if await store.fetchval("SHOW fsync") == "off":
        faults.append("fsync is off: a crash may take rows that were acknowledged")
    says = f"PostgreSQL {str(version).partition(' ')[0]}, layout {layout}, {last} rows so far"
    return StoreHealth(says=says, clock_skew=there - here, faults=tuple(faults))


async def verdict(store: Any, schema: str, head: str | None = None) -> Verdict:
    """Reads every row and compares it with the chain, and what is added up with the rows."""
    async with store.transaction(isolation="repeatable_read", readonly=True):
        found = await store.fetch(f"SELECT which, number, hash, at FROM {schema}.ends")  # noqa: S608 - as above
        ends = {which: End(*end) for which, *end in found}
        check = ChainCheck(ends["before_first"], head)
        async for (number, at, kind, body, hashed), told in _everything(store, schema):
            if fault := check.take(number, at, kind, body, hashed, told):
                return fault
        strangers = await store.fetchval(
            f"SELECT count(*) FROM {schema}.lines WHERE NOT EXISTS "  # noqa: S608 - as above
            f"(SELECT 1 FROM {schema}.rows WHERE rows.number = lines.number)"
        )
        return check.end(ends["last"], strangers)


async def _everything(store: Any, schema: str) -> AsyncIterator[tuple[tuple[Any, ...], Sequence[Line]]]:
    """Each row, with the lines of it."""
    columns = ", ".join(f'lines."{name}"' for name in LINE_FIELDS)
    cursor = await store.cursor(
        f"SELECT rows.number, rows.at, rows.kind, rows.body, rows.hash, {columns} FROM {schema}.rows "  # noqa: S608 - as above
        f"LEFT JOIN {schema}.lines ON lines.number = rows.number ORDER BY rows.number, lines.place"
    )
    left: list[tuple[Any, ...]] = []
    while found := await cursor.fetch(_AT_A_TIME):
        batch = [*left, *map(tuple, found)]
        last = batch[-1][0]
        for head, group in groupby((row for row in batch if row[0] != last), key=lambda row: row[:5]):
            yield head, _lines([row[5:] for row in group])
        left = [row for row in batch if row[0] == last]
    for head, group in groupby(left, key=lambda row: row[:5]):
        yield head, _lines([row[5:] for row in group])


def _lines(found: Sequence[tuple[Any, ...]]) -> list[Line]:
    return [Line(**dict(zip(LINE_FIELDS, values, strict=True))) for values in found if values[0] is not None]
