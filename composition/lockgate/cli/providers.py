"""`lockgate providers`: what is configured, and with `--test` whether it works."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source

if TYPE_CHECKING:
    from lockgate.plugins import Plugins
    from lockgate.settings import Settings
    from lockgate.surfaces.health import ProviderHealth


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One configured provider. `ok`, `error` and `seconds` stand only where it was tested."""

    provider_id: str
    kind: str
    origins: tuple[str, ...]
    credential_ref: str | None
    models: int
    ok: bool | None = None
    error: str | None = None
    seconds: float | None = None


@click.command("providers", cls=RichCommand)
@settings_options
@click.option("--test", is_flag=True, help="Open the gateway and make one real, tiny call to each.")
@json_option
@click.pass_context
def command(ctx: click.Context, config: Path | None, environment: str | None, test: bool, as_json: bool) -> None:
    """List the configured providers, and test them.

    With --test, exits with 1 when one of them fails.

    \b
    Example:
      lockgate providers --test
    """
    from lockgate.cli.terminal import print_json, print_table
    from lockgate.loading import load

    path = source(config)
    settings, plugins = load(path, environment=environment, env=os.environ)
    rows = _rows(settings, plugins, _tested(path, environment) if test else ())
    if as_json:
        print_json(rows)
    else:
        header = ("PROVIDER", "KIND", "WHERE", "KEY", "MODELS", *(("TEST",) if test else ()))
        print_table(header, [_cells(row, test=test) for row in rows])
    ctx.exit(1 if any(row.ok is False for row in rows) else 0)


def _rows(settings: "Settings", plugins: "Plugins", tested: "Sequence[ProviderHealth]") -> list[Row]:
    from lockgate.cli.catalogue import catalogues

    health = {each.provider_id: each for each in tested}
    cards = catalogues(settings, plugins, os.environ, list(settings.providers))
    rows: list[Row] = []
    for provider_id, row in settings.providers.items():
        seen = health.get(provider_id)
        rows.append(
            Row(
                provider_id=provider_id,
                kind=row.kind,
                origins=tuple(map(str, plugins.models[row.kind].origins(row.kind_settings))),
                credential_ref=", ".join(row.keys) or None,
                models=len(cards[provider_id]),
                ok=seen.ok if seen else None,
                error=seen.error if seen else None,
                seconds=seen.seconds if seen else None,
            )
        )
    return rows


def _tested(path: Path | None, environment: str | None) -> "Sequence[ProviderHealth]":
    from lockgate.cli.opening import opened
    from lockgate.surfaces.health import check
    from lockgate.surfaces.mounting import probes

    async def test() -> "Sequence[ProviderHealth]":
        async with opened(path, environment) as gateway:
            return await check(probes(gateway.settings, gateway.providers))

    return asyncio.run(test())


def _cells(row: Row, *, test: bool) -> tuple[str, ...]:
    cells = (
        row.provider_id,
        row.kind,
        ", ".join(row.origins) or "in this process",
        row.credential_ref or "none",
        str(row.models) if row.models else "any",
    )
    if not test:
        return cells
    if row.ok is None:
        return (*cells, "not tested: no route or catalogue names a model")
    return (*cells, f"ok, {row.seconds:.2f} s" if row.ok else f"failed: {row.error}")
