"""`lockgate audit`: whether the ledger is whole, and what was done to the gateway."""

import time
from pathlib import Path
from typing import Any

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source


@click.group("audit", cls=RichGroup)
def command() -> None:
    """See whether the ledger is whole, and what was done to the gateway.

    \b
    Example:
      lockgate audit verify
    """


@command.command("verify", cls=RichCommand)
@settings_options
@click.option("--head", metavar="HEX", help="A head that was noted earlier: the chain must still hold it.")
@json_option
@click.pass_context
def verify(ctx: click.Context, config: Path | None, environment: str | None, head: str | None, as_json: bool) -> None:
    """Read the whole ledger and check its chain.

    A byte that was flipped, a row that was taken out or moved: each is found. Whoever can write the ledger could write
    it anew, so note the head now and then, elsewhere, and give it back here. The exit code is 1 if something is wrong.

    \b
    Example:
      lockgate audit verify --head 5f0c...
    """
    import asyncio

    from lockgate.cli.terminal import console, counted, print_json
    from lockgate.opening import open_ledger
    from lockgate_ports.ledger import Verdict

    async def asked() -> Verdict:
        async with open_ledger(source(config), environment=environment) as ledger:
            return await ledger.verify(head)

    verdict = asyncio.run(asked())
    if as_json:
        print_json(verdict)
    elif verdict.fault is None:
        console().print(f"{counted(verdict.rows, 'row')}, whole; head {verdict.head or '(empty)'}", soft_wrap=True)
    else:
        where = "" if verdict.row is None else f"row {verdict.row}: "
        console(stderr=True).print(f"error: {where}{verdict.fault}", style="red", soft_wrap=True)
    if verdict.fault is not None:
        ctx.exit(1)


@command.command("list", cls=RichCommand)
@settings_options
@click.option("--kind", "kinds", metavar="KIND", multiple=True, help="Only events of this kind; may be given again.")
@click.option("--since", metavar="TIME", help="7d, 24h, or a date such as 2026-11-01.")
@click.option("--until", metavar="TIME", help="Likewise; not included.")
@click.option("--most", metavar="N", type=click.IntRange(1), default=100, show_default=True, help="The last so many.")
@json_option
def events(
    config: Path | None,
    environment: str | None,
    kinds: tuple[str, ...],
    since: str | None,
    until: str | None,
    most: int,
    as_json: bool,
) -> None:
    """List what was done to the gateway: opened, keys made and revoked, egress denied.

    \b
    Example:
      lockgate audit list --kind egress_denied --since 24h
    """
    import asyncio

    from lockgate.cli.terminal import print_json, print_table
    from lockgate.ledger_asking import audit_query, audit_rows
    from lockgate.opening import open_ledger

    query = audit_query(kinds, since, until, most, time.time())

    async def asked() -> list[dict[str, Any]]:
        async with open_ledger(source(config), environment=environment) as ledger:
            return audit_rows(await ledger.audit(query))

    rows = asyncio.run(asked())
    if as_json:
        print_json(rows)
        return
    print_table(
        ("NUMBER", "AT", "KIND", "BY", "WHAT", "DETAILS"),
        [
            (
                str(row["number"]),
                row["at"],
                row["kind"],
                row["actor"],
                row["subject"],
                ", ".join(f"{name}={value}" for name, value in row["details"].items()),
            )
            for row in rows
        ],
    )


@command.command("content", cls=RichCommand)
@settings_options
@click.argument("request_id", metavar="ID")
def content(config: Path | None, environment: str | None, request_id: str) -> None:
    """Print what is kept of the prompt and the answer of the call with this request ID, as JSON.

    Only routes with `keep` keep any. That it was read is written into the ledger.

    \b
    Example:
      lockgate audit content req_8f0c2a6e5d1b4c3f9a7e0d21
    """
    import asyncio

    from lockgate.cli.terminal import print_json
    from lockgate.ledger_asking import read_content
    from lockgate.opening import open_ledger
    from lockgate_ports.errors import NotFound

    async def asked() -> list[dict[str, Any]]:
        async with open_ledger(source(config), environment=environment) as ledger:
            return await read_content(ledger, request_id, "cli")

    rows = asyncio.run(asked())
    if not rows:
        raise NotFound(f"no prompt or answer is kept of a call with the id {request_id!r}")
    print_json(rows)
