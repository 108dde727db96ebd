"""`lockgate keys parent`: organisations, teams, tenants and users above keys, with limits for all below them."""

import re
import time
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.key_words import OwnLimits, limit_options
from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import source

if TYPE_CHECKING:
    from lockgate_core.parents import Parent

_SCOPE = re.compile(r"(?!key:|model:|provider:)[a-z][a-z_-]*:\S(.*\S)?")


def _scope(written: str) -> str:
    if not _SCOPE.fullmatch(written):
        raise click.BadParameter(f"{written!r} is no parent: write team:search, tenant:acme or user:acme/ada")
    return written


SCOPE = click.argument("scope", metavar="SCOPE", type=_scope)


@click.group("parent", cls=RichGroup)
def command() -> None:
    """Give limits to teams, tenants and users, and revoke them.

    A SCOPE is `tenant:NAME` or `user:TENANT/NAME` of keys and tokens, or what keys were made with --parent.

    \b
    Example:
      lockgate keys parent set team:search --parent organisation:acme --budget 500/month
    """


@command.command("set", cls=RichCommand)
@SCOPE
@click.option("--parent", "above", metavar="SCOPE", type=_scope, multiple=True, help="Above it; nearest first.")
@limit_options
@click.pass_context
def set_(ctx: click.Context, scope: str, above: tuple[str, ...], limits: OwnLimits) -> None:
    """Say what SCOPE may have: all keys and tokens below it together.

    What was said of it before is replaced.

    \b
    Example:
      lockgate keys parent set team:search --parent organisation:acme --rpm 600
    """
    from msgspec import structs

    from lockgate.cli.key_work import KeyWork, limit_words
    from lockgate.cli.terminal import note
    from lockgate.settings.limits import limits_of
    from lockgate_core.parents import Parent, lineage

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        parents = work.parents()
        if scope in lineage(above, parents):
            raise click.BadParameter(f"{scope} would be above itself")
        before = parents.get(scope)
        made = Parent(
            scope=scope,
            above=above,
            limits=limits_of(scope, **structs.asdict(limits)),
            created_at=time.time() if before is None else before.created_at,
            revoked_at=None if before is None else before.revoked_at,
        )
        details = {"limits": ", ".join(map(limit_words, made.limits)), "parents": ", ".join(above)}
        work.keep_parent(made, "key_created" if before is None else "key_changed", details)
    note(f"{scope} is kept" + (", and revoked as before" if made.revoked_at is not None else ""))


@command.command("list", cls=RichCommand)
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """All of which something is kept.

    \b
    Example:
      lockgate keys parent list
    """
    from lockgate.cli.key_work import KeyWork, limit_words, moment_words
    from lockgate.cli.terminal import print_json, print_table

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        kept = list(work.parents().values())
    if as_json:
        told = [
            {
                "scope": each.scope,
                "state": _state(each),
                "parents": each.above,
                "limits": tuple(map(limit_words, each.limits)),
                "created_at": moment_words(each.created_at),
                "revoked_at": moment_words(each.revoked_at),
            }
            for each in kept
        ]
        print_json(told)
        return
    header = ("SCOPE", "STATE", "PARENTS", "LIMITS")
    rows = [(each.scope, _state(each), ", ".join(each.above), " ".join(map(limit_words, each.limits))) for each in kept]
    print_table(header, rows)


@command.command("revoke", cls=RichCommand)
@SCOPE
@click.pass_context
def revoke(ctx: click.Context, scope: str) -> None:
    """Let nobody in below SCOPE, with a key or a token, until it is restored.

    \b
    Example:
      lockgate keys parent revoke user:acme/ada
    """
    _set_revoked(ctx, scope, time.time())


@command.command("restore", cls=RichCommand)
@SCOPE
@click.pass_context
def restore(ctx: click.Context, scope: str) -> None:
    """Let those below SCOPE in again.

    \b
    Example:
      lockgate keys parent restore user:acme/ada
    """
    _set_revoked(ctx, scope, None)


def _state(parent: "Parent") -> str:
    return "active" if parent.revoked_at is None else "revoked"


def _set_revoked(ctx: click.Context, scope: str, at: float | None) -> None:
    from msgspec import structs

    from lockgate.cli.key_work import KeyWork
    from lockgate.cli.terminal import note
    from lockgate_core.parents import Parent

    with KeyWork(source(ctx.obj[0]), ctx.obj[1]) as work:
        before = work.parents().get(scope) or Parent(scope=scope, created_at=time.time())
        if (before.revoked_at is None) != (at is None):
            kept = structs.replace(before, revoked_at=at)
            work.keep_parent(kept, "key_changed" if at is None else "key_revoked", {})
    note(f"{scope} is {'let in again' if at is None else 'revoked'}")
