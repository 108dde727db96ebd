"""`lockgate completion`: the script that completes commands in a shell."""

import click
from rich_click import RichCommand


@click.command("completion", cls=RichCommand)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script for completion in a shell.

    \b
    Examples:
      eval "$(lockgate completion bash)"             in ~/.bashrc
      eval "$(lockgate completion zsh)"              in ~/.zshrc
      lockgate completion fish > ~/.config/fish/completions/lockgate.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"This version of click completes nothing in {shell}.")
    click.echo(made(ctx.find_root().command, {}, "lockgate", "_LOCKGATE_COMPLETE").source())
