"""`lockgate usage`: what calls used and cost, from the ledger."""

import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from rich_click import RichCommand

from lockgate.cli.options import settings_options, source

_BAR = 40
_COLUMNS = ("calls", "errors", "input_tokens", "output_tokens", "cache_read_tokens", "usd")


@click.command("usage", cls=RichCommand)
@settings_options
@click.option("--by", metavar="KEYS", default="model", show_default=True, help="Add up by these, with commas.")
@click.option("--since", metavar="TIME", default="7d", show_default=True, help="7d, 24h, or a date such as 2026-11-01.")
@click.option("--until", metavar="TIME", help="Likewise; not included.")
@click.option("--tenant", metavar="NAME", help="Only this tenant's calls.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "plot"]),
    default="table",
    show_default=True,
    metavar="FORM",
    help="table, csv, json or plot.",
)
def command(
    config: Path | None,
    environment: str | None,
    by: str,
    since: str,
    until: str | None,
    tenant: str | None,
    form: str,
) -> None:
    """Show what calls used and cost.

    KEYS are tenant, user, key, model, provider, target, route, profile, operation, surface, outcome, day, hour.

    \b
    Example:
      lockgate usage --by tenant,model --since 30d
    """
    import asyncio

    from lockgate.cli.terminal import print_json
    from lockgate.ledger_asking import usage_query, usage_rows
    from lockgate.opening import open_ledger

    query = usage_query(by, since, until, tenant, time.time())

    async def asked() -> list[dict[str, Any]]:
        async with open_ledger(source(config), environment=environment) as ledger:
            return usage_rows(query, await ledger.usage(query))

    rows = asyncio.run(asked())
    match form:
        case "json":
            print_json(rows)
        case "csv":
            import csv

            writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else list(query.by), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        case "plot":
            _plot(query.by, rows)
        case _:
            _table(query.by, rows)


def _table(by: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from lockgate.cli.terminal import counted, note, print_table

    header = [*(key.upper() for key in by), "CALLS", "ERRORS", "TOKENS IN", "TOKENS OUT", "CACHED", "USD"]
    print_table(
        header, [[*(_name(row[key]) for key in by), *(_number(row, name) for name in _COLUMNS)] for row in rows]
    )
    if not rows:
        note("no calls in this time")
    if unpriced := sum(row["unpriced"] for row in rows):
        note(f"{counted(unpriced, 'attempt')} of unknown cost: not in the sums")
    if estimated := sum(Decimal(row["estimated_usd"]) for row in rows):
        note(f"{estimated:f} USD of it estimated")


def _plot(by: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from lockgate.cli.terminal import print_table

    what = "usd" if any(Decimal(row["usd"]) for row in rows) else "calls"
    most = max((Decimal(row[what]) for row in rows), default=Decimal(0)) or Decimal(1)
    if by and by[-1] in ("day", "hour"):
        rows = sorted(rows, key=lambda row: [str(row[key]) for key in by])
    print_table(
        [*(key.upper() for key in by), what.upper(), ""],
        [
            [*(_name(row[key]) for key in by), _number(row, what), "█" * round(_BAR * Decimal(row[what]) / most)]
            for row in rows
        ],
    )


def _name(value: str | None) -> str:
    return "(none)" if value is None else value


def _number(row: dict[str, Any], name: str) -> str:
    if name != "usd":
        return f"{row[name]:,}"
    if not row["unpriced"]:
        return str(row["usd"])
    # What nobody knows is not 0.
    return f"{row['usd']} + unknown" if Decimal(row["usd"]) else "unknown"
