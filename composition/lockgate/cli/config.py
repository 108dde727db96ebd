"""`lockgate config`: the settings that were applied, and the way back to them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich_click import RichCommand, RichGroup

from lockgate.cli.operating import NoGateway, asked, at_url
from lockgate.cli.options import as_json as json_option
from lockgate.cli.options import settings_options, source
from lockgate_ports.errors import SettingsError

if TYPE_CHECKING:
    from lockgate.history import Applied, History

_FOLDER = click.option(
    "--history",
    "folder",
    metavar="FOLDER",
    help="Where applied settings are kept, in place of what the settings say of it.",
)


@click.group("config", cls=RichGroup)
def command() -> None:
    """See the settings that were applied, and go back to them.

    `lockgate serve` keeps what it has served, in a folder beside the settings or in `reload.history`.

    \b
    Example:
      lockgate config history
    """


@command.command("history", cls=RichCommand)
@settings_options
@_FOLDER
@json_option
def history(config: Path | None, environment: str | None, folder: str | None, as_json: bool) -> None:
    """The settings that were applied, the last one first.

    \b
    Example:
      lockgate config history --json
    """
    from lockgate.cli.terminal import print_json, print_table

    entries = _history(_path(config), environment, folder).entries()
    if as_json:
        print_json([{"number": each.number, "at": each.at, "actor": each.actor} for each in reversed(entries)])
        return
    before = [None, *entries]
    rows = [
        (str(each.number), _when(each.at), each.actor, _change(old, each))
        for old, each in zip(before, entries, strict=False)
    ]
    print_table(("NUMBER", "SINCE", "BY", "LINES"), reversed(rows))


@command.command("show", cls=RichCommand)
@click.argument("number", required=False, type=int)
@settings_options
@_FOLDER
def show(number: int | None, config: Path | None, environment: str | None, folder: str | None) -> None:
    """Print the settings of that NUMBER as they stood in their files; without one, the last that were applied.

    \b
    Example:
      lockgate config show 3
    """
    kept = _history(_path(config), environment, folder)
    entry = _last(kept) if number is None else kept.of(number)
    for name, text in entry.files.items():
        if len(entry.files) > 1:
            click.echo(f"# {name}")
        click.echo(text, nl=not text.endswith("\n"))


@command.command("rollback", cls=RichCommand)
@click.argument("number", required=False, type=int)
@settings_options
@_FOLDER
@at_url
def rollback(number: int | None, config: Path | None, environment: str | None, folder: str | None, url: str) -> None:
    """Write the settings of that NUMBER back to their files, and let the running gateway take them.

    Without NUMBER: the last that were applied and differ from what stands there. What stands there is kept as well. The
    key for the gateway is read from $LOCKGATE_CLIENT_KEY.

    \b
    Example:
      lockgate config rollback
    """
    from lockgate.cli.terminal import note
    from lockgate.history import put_back, texts

    path = _path(config)
    kept = _history(path, environment, folder)
    try:
        present = texts(path)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {type(error).__name__}") from None
    chosen = kept.of(number) if number is not None else _other(kept, present)
    _check(path, chosen, environment)
    try:
        kept.add(present, "rollback")
        put_back(path, chosen)
    except OSError as error:
        raise SettingsError(f"{error.filename or path}: cannot be written: {error.strerror}") from None
    click.echo(f"{path} is that of number {chosen.number} again")
    try:
        asked("POST", f"{url}/admin/reload")
        click.echo(f"the gateway at {url} serves it")
    except NoGateway as error:
        note(f"{error.message}; one that starts takes them, a running one with SIGHUP or reload.watch does too")


def _path(config: Path | None) -> Path:
    path = source(config)
    if path is None:
        raise click.UsageError("There is no settings file here: name one with --config.")
    return path


def _history(path: Path, environment: str | None, folder: str | None) -> "History":
    from lockgate.cli.terminal import warn
    from lockgate.history import KEPT, History, history_of
    from lockgate.loading import load

    keep = KEPT
    if folder is None:
        try:
            chosen = load(path, environment=environment, env=os.environ)[0].reload
            folder, keep = chosen.history, chosen.keep
        except SettingsError:
            # A way back is needed most where the present settings cannot be read.
            warn(f"{path} has faults: its history is looked for beside it; name another folder with --history")
    return History(history_of(path, folder), keep)


def _last(kept: "History") -> "Applied":
    entries = kept.entries()
    if not entries:
        raise SettingsError(f"{kept.folder} holds no settings yet; `lockgate serve` keeps what it serves there")
    return entries[-1]


def _other(kept: "History", present: dict[str, str]) -> "Applied":
    _last(kept)
    found = next((each for each in reversed(kept.entries()) if each.files != present), None)
    if found is None:
        raise SettingsError("all that was ever applied is what stands there now")
    return found


def _check(path: Path, entry: "Applied", environment: str | None) -> None:
    import tempfile

    from lockgate.history import put_back
    from lockgate.loading import load

    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        if path.is_dir():
            trial.mkdir()
        put_back(trial, entry)
        load(trial, environment=environment, env=os.environ)


def _when(at: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _change(old: "Applied | None", new: "Applied") -> str:
    from difflib import ndiff

    if old is None:
        return f"{sum(len(text.splitlines()) for text in new.files.values())}"
    added = taken = 0
    for name in {*old.files, *new.files}:
        for line in ndiff(old.files.get(name, "").splitlines(), new.files.get(name, "").splitlines()):
            added += line.startswith("+ ")
            taken += line.startswith("- ")
    return f"+{added} -{taken}"
