"""`lockgate plugins`: what is installed, and what became of it."""

from pathlib import Path

import click
from rich_click import RichCommand

from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options


@click.command("plugins", cls=RichCommand)
@settings_options
@json_option
@click.pass_context
def command(ctx: click.Context, config: Path | None, environment: str | None, as_json: bool) -> None:
    """List the installed plugins, and what became of them.

    Tells which are loaded, which were set aside and why, and which the settings leave out.

    \b
    Example:
      lockgate plugins --json
    """
    from lockgate.cli.offered_commands import discovered, refusals
    from lockgate.cli.terminal import console, print_json, print_table, warn

    plugins = discovered(config, environment)
    group = ctx.find_root().command
    own = set(group.list_commands(ctx)) if isinstance(group, click.Group) else set[str]()
    if as_json:
        found = {name: getattr(plugins, name) for name in ("loaded", "quarantined", "left_out")}
        print_json({**found, "commands": [name for name in plugins.commands if name not in own]})
        return
    rows = [
        (each.name, each.distribution, each.version, ", ".join(hook.removeprefix("register_") for hook in each.hooks))
        for each in plugins.loaded
    ]
    print_table(("PLUGIN", "DISTRIBUTION", "VERSION", "OFFERS"), rows)
    out = console()
    if plugins.quarantined:
        out.print("\nset aside", style="bold yellow")
        for each in plugins.quarantined:
            name = f"{each.name} ({each.distribution} {each.version})" if each.name else each.distribution
            out.print(f"  {name}: {each.reason}", soft_wrap=True)
    if plugins.left_out:
        out.print("\nleft out by plugins.allow", style="bold")
        for distribution in plugins.left_out:
            out.print(f"  {distribution}", soft_wrap=True)
    commands = [name for name in plugins.commands if name not in own]
    if commands:
        out.print("\ncommands", style="bold")
        for name in commands:
            out.print(f"  lockgate {name}", soft_wrap=True)
    for refused in refusals(plugins, own):
        warn(refused)
