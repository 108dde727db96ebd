"""Options that several commands share, and what they mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_FILE = Path("lockgate.yaml")

_CONFIG = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path),
    envvar="LOCKGATE_CONFIG",
    show_envvar=True,
    help="The settings file (default: ./lockgate.yaml, else the embedded model).",
)
_ENVIRONMENT = click.option(
    "--env",
    "-e",
    "environment",
    metavar="NAME",
    envvar="LOCKGATE_ENV",
    show_envvar=True,
    help="Lay this one of the file's `environments` over it.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""`--json`, as the argument `as_json`."""


def settings_options(command: Command) -> Command:
    """`--config` and `--env`, as the arguments `config` and `environment`."""
    return _CONFIG(_ENVIRONMENT(command))


def source(config: Path | None) -> Path | None:
    """The settings file to read; None for the embedded default."""
    return config or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
