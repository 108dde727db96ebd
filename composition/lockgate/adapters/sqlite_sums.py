"""What calls in a SQLite ledger come to, added up exactly. Blocks."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path

from lockgate.adapters.sqlite_rows import reading
from lockgate_ports.ledger import UsageKey, UsageQuery, UsageSum, dearest_first

_DATES: dict[UsageKey, str] = {
    "day": "strftime('%Y-%m-%d', at, 'unixepoch')",
    "hour": "strftime('%Y-%m-%dT%H:00Z', at, 'unixepoch')",
}
_SUMS = """
coalesce(sum(last), 0), coalesce(sum(last AND outcome <> 'ok'), 0), coalesce(sum(tried), 0),
coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), coalesce(sum(cache_read_tokens), 0),
coalesce(sum(NOT metered), 0), exact_sum(usd), exact_sum(CASE basis WHEN 'estimated' THEN usd END),
coalesce(sum(basis IS 'unknown'), 0)
"""


def sums(path: Path, query: UsageQuery) -> list[UsageSum]:
    """Sums over the calls, the dearest first. Raises LockgateError."""
    groups = [_DATES.get(word, f'"{word}"') for word in query.by]
    where = ["at >= ?", "at < ?"]
    values: list[object] = [query.since or 0.0, query.until if query.until is not None else 1e18]
    if query.tenant is not None:
        where.append("tenant = ?")
        values.append(query.tenant)
    grouped = f" GROUP BY {', '.join(groups)}" if groups else " HAVING count(*)"
    sql = f"SELECT {', '.join([*groups, _SUMS])} FROM lines WHERE {' AND '.join(where)}{grouped}"  # noqa: S608 - words of our own alone
    with closing(reading(path)) as store:
        store.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]  # typeshed wants ints
        found = store.execute(sql, values).fetchall()
    return dearest_first([_sum(row[: len(groups)], row[len(groups) :]) for row in found])


def _sum(group: tuple[str | None, ...], row: tuple[int, int, int, int, int, int, int, str, str, int]) -> UsageSum:
    calls, errors, attempts, given, made, cached, unmetered, usd, estimated, unpriced = row
    return UsageSum(
        group=group,
        calls=calls,
        errors=errors,
        attempts=attempts,
        input_tokens=given,
        output_tokens=made,
        cache_read_tokens=cached,
        unmetered=unmetered,
        usd=Decimal(usd),
        estimated_usd=Decimal(estimated),
        unpriced=unpriced,
    )


class _ExactSum:
    """Adds up decimals that are kept as text."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, value: str | None) -> None:
        if value is not None:
            self._sum += Decimal(value)

    def finalize(self) -> str:
        return str(self._sum)
