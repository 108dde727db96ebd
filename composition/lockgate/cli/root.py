"""The group `lockgate`: finds a command by its name, and turns every refusal into one line and an exit code."""

import logging
from importlib import import_module

import click
from rich_click import RichGroup, RichHelpConfiguration

from lockgate_ports.errors import LockgateError

_COMMANDS = {
    "serve": "serve",
    "chat": "chat",
    "check": "check",
    "doctor": "doctor",
    "config": "config",
    "explain": "explain",
    "rollout": "rollout",
    "keys": "keys",
    "models": "models",
    "providers": "providers",
    "secrets": "secrets",
    "plugins": "plugins",
    "usage": "usage",
    "audit": "audit",
    "new-plugin": "new_plugin",
    "completion": "completion",
}
"""Each command, and its module here: a module is imported when its command is asked for."""

_INTERRUPTED = 130
_LOOK = RichHelpConfiguration(text_paragraph_linebreaks="\n\n", max_width=100, commands_before_options=True)


class Root(RichGroup):
    """Knows lockgate's own commands. Plugins are looked at only when another one is asked for, so that `--help` and
    completion stay quick and no plugin is imported unasked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """lockgate's own, in the order of a newcomer's way."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of lockgate's own, else one that a plugin offers."""
        if module := _COMMANDS.get(cmd_name):
            found: click.Command = import_module(f"lockgate.cli.{module}").command
            return found
        from lockgate.cli.offered_commands import find

        return find(cmd_name, taken=_COMMANDS)

    def invoke(self, ctx: click.Context) -> None:
        """Runs the command. What is refused is told without a traceback; click does so for wrong usage."""
        # What discovery logs is in what it returns, and commands show that where it matters. `serve` does log it.
        logging.getLogger("lockgate.plugins").addHandler(logging.NullHandler())
        try:
            super().invoke(ctx)
        except LockgateError as error:
            from lockgate.cli.terminal import complain

            complain(error)
            ctx.exit(1)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


@click.group(
    cls=Root,
    epilog="Plugins may add commands: `lockgate plugins` names them.",
    context_settings={"help_option_names": ["--help", "-h"], "rich_help_config": _LOOK},
)
@click.version_option(package_name="lockgate", message="%(prog)s %(version)s")
def root() -> None:
    """One calling surface for every LLM provider.

    \b
    Example:
      lockgate serve --hello
    """
