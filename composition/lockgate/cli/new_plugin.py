"""`lockgate new-plugin`: a provider plugin that passes its contract from the first minute."""

from pathlib import Path

import click
from rich_click import RichCommand


@click.command("new-plugin", cls=RichCommand)
@click.argument("name")
@click.option(
    "--dir",
    "-d",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to put it (default: ./plugins in a checkout of lockgate, else here)",
)
def command(name: str, folder: Path | None) -> None:
    """Write a provider plugin, llm-plugin-NAME.

    It speaks openai-chat, and has tests that pass.

    \b
    Example:
      lockgate new-plugin acme
    """
    from lockgate.cli.terminal import console
    from lockgate.cli.writing import next_steps, write_plugin

    made = write_plugin(name, folder)
    out = console()
    out.print(f"wrote {made}", style="bold green", soft_wrap=True)
    out.print(next_steps(made), soft_wrap=True)
