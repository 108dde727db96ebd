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
    from lockgate.settings import Settings


@click.command("check", cls=RichCommand)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@settings_options
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path | None, config: Path | None, environment: str | None, as_json: bool) -> None:
    """Tell all that is wrong with the settings.

    Nothing is opened. Exits with 1 when there are faults. FILE is the same as --config.

    \b
    Example:
      lockgate check lockgate.yaml --env prod
    """
    from lockgate.cli.terminal import console, print_json, told
    from lockgate.loading import load

    if file is not None and ctx.get_parameter_source("config") is ParameterSource.COMMANDLINE:
        raise click.UsageError("Name the settings file once: as FILE or with --config.")
    path = source(file or config)
    try:
        settings, plugins = load(path, environment=environment, env=os.environ)
    except SettingsError as error:
        if as_json:
            print_json({"ok": False, "error": error.message, "faults": getattr(error, "faults", ())})
        else:
            console().print(told(error), style="red", soft_wrap=True)
        ctx.exit(1)
    if as_json:
        print_json({"ok": True, **_summary(settings, plugins)})
    else:
        _print(str(path) if path else "the embedded default", environment, settings, plugins)


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
