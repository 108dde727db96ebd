"""`lockgate keys`: makes, lists, revokes and rotates the virtual keys that clients show."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.key_parents import command as parent
from lockgate.cli.key_words import Moment, OwnLimits, label, limit_options, moment, span
from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source

if TYPE_CHECKING:
    from lockgate_ports.caller import Priority

KEY = click.argument("key_id", metavar="ID")


@click.group("keys", cls=RichGroup)
@settings_options
@click.pass_context
def command(ctx: click.Context, config: Path | None, environment: str | None) -> None:
    """Make and revoke the virtual keys that clients show.

    They are kept in the file that `auth.keys.path` names. A running gateway heeds a change within a tenth of a second.

    \b
    Example:
      lockgate keys create --tenant acme --models 'gpt-*' --expires 90d
    """
    ctx.obj = config, environment


@command.command("create", cls=RichCommand)
@click.option("--tenant", metavar="NAME", help="On whose behalf it calls.")
@click.option("--user", metavar="NAME", help="Who calls with it.")
@click.option("--parent", "parents", metavar="SCOPE", multiple=True, help="Above it: `team:search`; nearest first.")
@click.option("--models", metavar="NAMES", multiple=True, help="Only these may be asked for: 'gpt-*,default'.")
@click.option("--surface", "surfaces", metavar="DIALECT", multiple=True, help="Only these languages.")
@click.option("--label", "labels", type=label, metavar="K=V", multiple=True, help="For rules on where data may go.")
@click.option("--admin", is_flag=True, help="It opens the pages for operators.")
@click.option(
    "--priority", type=click.Choice(("low", "normal", "high")), help="Who goes first where calls wait for a place."
)
@limit_options
@click.option("--expires", type=moment, metavar="TIME", help="After 90d, 12h or 30m, or on 2027-01-31.")
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    tenant: str | None,
    user: str | None,
    parents: tuple[str, ...],
    models: tuple[str, ...],
    surfaces: tuple[str, ...],
    labels: tuple[tuple[str, str], ...],
    admin: bool,
    priority: "Priority | None",
    limits: OwnLimits,
    expires: Moment | None,
    as_json: bool,
) -> None:
    """Make a key and show it, this once.

    Only a hash of it is kept. NAMES may hold `*` for any part, and several with commas between.

    \b
    Example:
      lockgate keys create --tenant acme --rpm 60 --tpm 100000 --budget 50/month
    """
    from lockgate.cli.key_work import KeyWork, show_new
    from lockgate_ports.caller import Caller

    caller = Caller(
        tenant=tenant,
        user=user,
        parents=parents,
        models=_names(models),
        surfaces=_names(surfaces),
        admin=admin,
        labels=labels,
        priority=priority,
    )
    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        show_new(*work.create(caller, limits, expires), as_json=as_json)


@command.command("list", cls=RichCommand)
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """All keys, the newest change last; never what opens with them.

    \b
    Example:
      lockgate keys list
    """
    from lockgate.cli.key_work import KeyWork, show_all

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        show_all(work.all(), work.parents(), as_json=as_json)


@command.command("show", cls=RichCommand)
@KEY
@json_option
@click.pass_context
def show(ctx: click.Context, key_id: str, as_json: bool) -> None:
    """What is kept of one key.

    \b
    Example:
      lockgate keys show 3f9a1c0b7d2e
    """
    from lockgate.cli.key_work import KeyWork, show_one

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        show_one(work.one(key_id), work.parents(), as_json=as_json)


@command.command("revoke", cls=RichCommand)
@KEY
@click.pass_context
def revoke(ctx: click.Context, key_id: str) -> None:
    """Let nobody in with this key any more.

    \b
    Example:
      lockgate keys revoke 3f9a1c0b7d2e
    """
    from lockgate.cli.key_work import KeyWork
    from lockgate.cli.terminal import note

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        work.revoke(key_id)
    note(f"{key_id} is revoked")


@command.command("rotate", cls=RichCommand)
@KEY
@click.option("--overlap", type=span, metavar="TIME", default="0s", help="How long the old one still counts: 1h.")
@json_option
@click.pass_context
def rotate(ctx: click.Context, key_id: str, overlap: float, as_json: bool) -> None:
    """Make a new key for the same ID and show it, this once.

    The old one stops to count at once, or after --overlap.

    \b
    Example:
      lockgate keys rotate 3f9a1c0b7d2e --overlap 1h
    """
    from lockgate.cli.key_work import KeyWork, show_new

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        show_new(*work.rotate(key_id, overlap), as_json=as_json)


command.add_command(parent)


def _names(given: tuple[str, ...]) -> tuple[str, ...] | None:
    found = tuple(name.strip() for each in given for name in each.split(",") if name.strip())
    return found or None
