"""`lockgate models`: which names can be asked for, and `lockgate models pull`: fetch the weights of one."""

import asyncio
import os
from pathlib import Path

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source


@click.group("models", cls=RichGroup, invoke_without_command=True)
@settings_options
@click.option("--provider", "-p", metavar="ID", help="Only those of this provider.")
@click.option("--discover", is_flag=True, help="Ask the providers themselves which models they have.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    config: Path | None,
    environment: str | None,
    provider: str | None,
    discover: bool,
    as_json: bool,
) -> None:
    """List the models that can be asked for.

    These are the routes, and PROVIDER/MODEL of each catalogue. What is not known is left empty; prices are US dollars
    for a million tokens of input and output, and --json tells the rest of them.

    \b
    Example:
      lockgate models --provider openai
    """
    ctx.obj = config, environment
    if ctx.invoked_subcommand is not None:
        return
    from lockgate.cli.catalogue import listed
    from lockgate.cli.discovering import discovered
    from lockgate.cli.model_table import HEADER, cells
    from lockgate.cli.terminal import complain, note, print_json, print_table
    from lockgate.loading import load
    from lockgate_ports.errors import SettingsError

    settings, plugins = load(source(config), environment=environment, env=os.environ)
    if provider is not None and provider not in settings.providers:
        raise SettingsError(f"no provider is called {provider!r}; there are: {', '.join(settings.providers) or 'none'}")
    if discover:
        models, notes, errors = asyncio.run(discovered(source(config), environment, provider))
    else:
        models, boundless = listed(settings, plugins, os.environ, provider)
        notes = [f"{each} lists no models: ask for any it has, as {each}/MODEL" for each in boundless]
        errors = []
    print_json(models) if as_json else print_table(HEADER, map(cells, models))
    for words in () if as_json else notes:
        note(words)
    for error in errors:
        complain(error)
    ctx.exit(1 if errors else 0)


@command.command("pull", cls=RichCommand)
@click.argument("name", required=False)
@json_option
@click.pass_context
def pull(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Fetch the weights of a model.

    Prints the path of the file; without NAME, lists what can be fetched.

    \b
    Example:
      lockgate models pull smollm2
    """
    from lockgate.cli.offered_commands import discovered
    from lockgate.cli.pulling import fetch, size
    from lockgate.cli.terminal import print_json, print_table
    from lockgate_ports.errors import SettingsError

    config, environment = ctx.obj
    weights = discovered(config, environment).weights
    if name is not None:
        if name not in weights:
            known = f"there are: {', '.join(weights)}" if weights else "no installed plugin brings any"
            raise SettingsError(f"no weights are called {name!r}; {known}")
        path = fetch(weights[name], os.environ)
        print_json({"name": name, "path": str(path)}) if as_json else click.echo(path)
        return
    if as_json:
        fields = ("name", "summary", "size_bytes", "license")
        print_json([{field: getattr(each, field) for field in fields} for each in weights.values()])
        return
    rows = [(each.name, size(each.size_bytes), each.license, each.summary) for each in weights.values()]
    print_table(("NAME", "SIZE", "LICENSE", "WHAT IT IS"), rows)
