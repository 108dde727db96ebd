"""The commands that plugins offer."""

import os
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lockgate.cli.options import source
from lockgate.cli.terminal import warn

if TYPE_CHECKING:
    from lockgate.plugins import Plugins


def find(name: str, *, taken: Container[str]) -> click.Command | None:
    """The command that a plugin offers by this name, or None; a warning for each that has a name of lockgate's own.

    Raises SettingsFaults when the settings, which say what plugins are allowed, cannot be read.
    """
    plugins = discovered(os.environ.get("LOCKGATE_CONFIG"))
    for refused in refusals(plugins, taken):
        warn(refused)
    found = plugins.commands.get(name)
    if found is not None and not isinstance(found, click.Command):
        warn(f"what a plugin offers as the command {name!r} is no click command, but a {type(found).__name__}")
        return None
    if found is None:
        for plugin in plugins.quarantined:
            warn(f"plugin {plugin.name} ({plugin.distribution}) was set aside: {plugin.reason}")
    return found


def refusals(plugins: "Plugins", taken: Container[str]) -> list[str]:
    """A line for each command of a plugin that cannot be called, because lockgate has one of that name."""
    return [
        f"a plugin offers the command {name!r}, which lockgate has itself; the plugin's is left out"
        for name in plugins.commands
        if name in taken
    ]


def discovered(config: str | Path | None, environment: str | None = None) -> "Plugins":
    """What the installed plugins offer, of those that the settings allow."""
    from lockgate.adapters import builtins
    from lockgate.plugins import discover
    from lockgate.settings import read_settings

    path = source(Path(config) if config else None)
    allow = None
    if path is not None:
        allow = read_settings(path, environment=environment, env=os.environ).plugins.allow
    return discover(allow=allow, builtins=[builtins])
