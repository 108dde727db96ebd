"""`lockgate secrets`: the local file of keys, without echo; and whether every reference of the settings resolves."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source

if TYPE_CHECKING:
    from lockgate.checking_refs import Outcome

_FILE = click.option(
    "--file",
    "-f",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="LOCKGATE_SECRETS",
    show_envvar=True,
    help="The file of keys (default: lockgate/secrets.yaml in $XDG_CONFIG_HOME, else in ~/.config).",
)


@click.group("secrets", cls=RichGroup)
def command() -> None:
    """Keep keys in a local file, and see whether those of the settings are there.

    No value is ever shown.

    \b
    Example:
      lockgate secrets set openai
    """


@command.command("set", cls=RichCommand)
@click.argument("name")
@_FILE
def set_(name: str, file: Path | None) -> None:
    """Ask for the key NAME and keep it in the file, in place of the one that is there.

    The key is asked for without echo, or read from a pipe. A gateway that runs takes the new one for its next call.

    \b
    Example:
      lockgate secrets set openai
    """
    from lockgate.cli.asking_keys import ask_key
    from lockgate.cli.terminal import note
    from lockgate.secret_file import put, secrets_path

    path = file or secrets_path()
    replaced = put(path, name, ask_key(name))
    note(f"{'replaced' if replaced else 'kept'}; in settings: credential_ref: file:{path}#{name}")


@command.command("list", cls=RichCommand)
@_FILE
@json_option
def list_(file: Path | None, as_json: bool) -> None:
    """List the names of the keys in the file.

    \b
    Example:
      lockgate secrets list
    """
    from lockgate.cli.terminal import print_json
    from lockgate.secret_file import names, secrets_path

    path = file or secrets_path()
    found = [{"name": name, "credential_ref": f"file:{path}#{name}"} for name in names(path)]
    if as_json:
        print_json(found)
    else:
        for each in found:
            click.echo(f"{each['name']}   {each['credential_ref']}")


@command.command("check", cls=RichCommand)
@settings_options
@json_option
@click.pass_context
def check(ctx: click.Context, config: Path | None, environment: str | None, as_json: bool) -> None:
    """Tell for each reference in the settings whether its store has a key there.

    Stores are asked; providers are not. Exits with 1 when a key is missing.

    \b
    Example:
      lockgate secrets check --config lockgate.yaml
    """
    import asyncio
    import os

    from lockgate.checking_refs import check_refs
    from lockgate.cli.terminal import print_json

    outcomes = asyncio.run(check_refs(source(config), environment, dict(os.environ)))
    if as_json:
        print_json([{"credential_ref": each.ref, "used_by": each.used_by, "error": each.error} for each in outcomes])
    else:
        _print(outcomes)
    if any(each.error is not None for each in outcomes):
        ctx.exit(1)


def _print(outcomes: list["Outcome"]) -> None:
    from lockgate.cli.terminal import console

    out = console()
    if not outcomes:
        out.print("the settings name no key", soft_wrap=True)
    for each in outcomes:
        told = "is there" if each.error is None else each.error.removeprefix(f"{each.ref}: ")
        out.print(
            f"{each.ref} ({', '.join(each.used_by)}): {told}",
            style="green" if each.error is None else "red",
            soft_wrap=True,
        )
