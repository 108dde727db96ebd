"""`lockgate models`: which names can be asked for, and `lockgate models pull`: fetch the weights of one."""

import os
from pathlib import Path

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source


@click.group("models", cls=RichGroup, invoke_without_command=True)
@settings_options
@click.option("--provider", "-p", metavar="ID", help="Only those of this provider.")
@json_option
@click.pass_context
def command(
    ctx: click.Context, config: Path | None, environment: str | None, provider: str | None, as_json: bool
) -> None:
    """List the models that can be asked for.

    These are the routes, and PROVIDER/MODEL of each catalogue.

    \b
    Example:
      lockgate models --provider openai
    """
    ctx.obj = config, environment
    if ctx.invoked_subcommand is not None:
        return
    from lockgate.cli.catalogue import listed
    from lockgate.cli.terminal import note, print_json, print_table
    from lockgate.loading import load
    from lockgate_ports.errors import SettingsError

    settings, plugins = load(source(config), environment=environment, env=os.environ)
    if provider is not None and provider not in settings.providers:
        raise SettingsError(f"no provider is called {provider!r}; there are: {', '.join(settings.providers) or 'none'}")
    models, boundless = listed(settings, plugins, os.environ, provider)
    if as_json:
        print_json(models)
        return
    rows = [(each.model, " then ".join(each.targets) or each.kind, _number(each.context_tokens)) for each in models]
    print_table(("MODEL", "ANSWERED BY", "CONTEXT"), rows)
    for provider_id in boundless:
        note(f"{provider_id} lists no models: ask for any it has, as {provider_id}/MODEL")


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


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
