"""`lockgate check`: is anything wrong with the settings?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source
from lockgate_ports.errors import SettingsError

if TYPE_CHECKING:
    from lockgate.plugins import Plugins
    from lockgate.replay import Change
    from lockgate.settings import Settings


@click.command("check", cls=RichCommand)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@settings_options
@click.option("--against", type=click.Path(path_type=Path), metavar="OLD", help="Settings to compare with.")
@click.option("--replay", type=click.Path(path_type=Path), metavar="FILE", help="Requests, one a line of JSON.")
@click.option(
    "--no-credentials", is_flag=True, help="Take credentials for granted: for a machine that does not have them."
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    config: Path | None,
    environment: str | None,
    against: Path | None,
    replay: Path | None,
    no_credentials: bool,
    as_json: bool,
) -> None:
    """Tell all that is wrong with the settings.

    Nothing is opened, and no store elsewhere is asked for keys; a variable that is not set and a file that holds no key
    are faults, as they are for `serve`, unless the provider is disabled. Exits with 1 when there are faults. FILE is
    the same as --config. With --against and --replay it tells which requests would go to another target than under the
    OLD settings, and what that changes of their cost; for that no credentials are needed.

    \b
    Example:
      lockgate check lockgate.yaml --env prod
    """
    from lockgate.cli.terminal import console, print_json, told
    from lockgate.loading import load
    from lockgate.settings import read_settings, unused_config_keys

    if file is not None and ctx.get_parameter_source("config") is ParameterSource.COMMANDLINE:
        raise click.UsageError("Name the settings file once: as FILE or with --config.")
    if (against is None) != (replay is None):
        raise click.UsageError("--against and --replay go together.")
    path = source(file or config)
    looked_for = not no_credentials and against is None
    try:
        settings, plugins = load(path, environment=environment, env=os.environ, credentials=looked_for)
    except SettingsError as error:
        if as_json:
            print_json({"ok": False, "error": error.message, "faults": getattr(error, "faults", ())})
        else:
            console().print(told(error), style="red", soft_wrap=True)
        ctx.exit(1)
    if against is not None and replay is not None:
        _compare(settings, plugins, load(against, environment=environment, env=os.environ), replay, as_json)
        return
    idle: list[str] = []
    if path is not None and settings.config_keys is not None:
        idle = unused_config_keys(settings, read_settings(path, environment=environment, env=os.environ))
    if as_json:
        print_json({"ok": True, **_summary(settings, plugins), "unused_config_keys": idle})
    else:
        _print(str(path) if path else "the embedded default", environment, settings, plugins)
        for name in idle:
            console().print(f"  not used   {name}, declared under config_keys", style="yellow", soft_wrap=True)


def _compare(
    settings: "Settings", plugins: "Plugins", old: "tuple[Settings, Plugins]", replay: Path, as_json: bool
) -> None:
    from lockgate.cli.terminal import console, counted, print_json, print_table
    from lockgate.rehearsal import rehearsed
    from lockgate.replay import changes

    try:
        lines = replay.read_bytes().splitlines()
    except OSError as error:
        raise SettingsError(f"{replay}: cannot be read: {error.strerror}") from None
    before, after = rehearsed(*old, os.environ), rehearsed(settings, plugins, os.environ)
    found = list(changes(lines, before, after, plugins.dialects))
    if as_json:
        print_json(found)
        return
    asked = counted(sum(1 for line in lines if line.strip()), "request")
    console().print(f"{len(found)} of {asked} would go elsewhere", soft_wrap=True)
    if found:
        header = ("LINE", "MODEL", "BEFORE", "AFTER", "US DOLLARS AN ATTEMPT, LEAST AND MOST")
        print_table(
            header, [(str(each.line), each.model, each.before, each.after, _difference(each)) for each in found]
        )


def _difference(change: "Change") -> str:
    bounds = ("?" if each is None else f"{each:+.6f}" for each in (change.least, change.most))
    return " and ".join(bounds)


def _summary(settings: "Settings", plugins: "Plugins") -> dict[str, object]:
    return {
        "providers": {provider_id: row.kind for provider_id, row in settings.providers.items()},
        "routes": {name: route.names for name, route in settings.routes.items()},
        "quarantined": [{"plugin": each.name, "reason": each.reason} for each in plugins.quarantined],
    }


def _print(name: str, environment: str | None, settings: "Settings", plugins: "Plugins") -> None:
    from lockgate.cli.terminal import console

    out = console()
    where = f" in the environment {environment}" if environment else ""
    out.print(f"{name} is fine{where}", style="green", soft_wrap=True)
    for provider_id, row in settings.providers.items():
        out.print(f"  provider   {provider_id} ({row.kind})", soft_wrap=True)
    for route_name, route in settings.routes.items():
        out.print(f"  route      {route_name} -> {' then '.join(route.names)}", soft_wrap=True)
    for each in plugins.quarantined:
        out.print(f"  set aside  {each.name} ({each.distribution}): {each.reason}", style="yellow", soft_wrap=True)
