"""What the command line prints: results to stdout, all else to stderr."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import IO, TYPE_CHECKING

from lockgate.redaction import redact
from lockgate_ports.errors import LockgateError

if TYPE_CHECKING:
    from rich.console import Console

_CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}


def console(*, stderr: bool = False) -> "Console":
    """A console that prints words as they are: no markup, no colours guessed."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def line(text: str, style: str, *, stderr: bool = False) -> None:
    """A line, in a style where a terminal shows it."""
    file = sys.stderr if stderr else sys.stdout
    if file.isatty() or "FORCE_COLOR" in os.environ:
        console(stderr=stderr).print(text, style=style, soft_wrap=True)
    else:
        file.write(f"{text}\n")


def print_json(value: object) -> None:
    """To stdout, with two spaces of indent."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns to stdout; in a terminal they wrap to its width, in a pipe each row is one line."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    if not out.is_terminal:
        out.width = 10_000
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for place, title in enumerate(header):
        table.add_column(title, overflow="fold", style="cyan" if place == 0 else "")
    for row in rows:
        table.add_row(*map(Text, row))
    for line in out.render_lines(table, pad=False) if not out.is_terminal else ():
        out.file.write("".join(segment.text for segment in line).rstrip() + "\n")
    if out.is_terminal:
        out.print(table)


def note(text: str) -> None:
    """A line to stderr that is no result."""
    line(text, "dim", stderr=True)


def warn(text: str) -> None:
    """A line to stderr that the reader should not miss."""
    line(f"warning: {text}", "yellow", stderr=True)


def complain(error: LockgateError) -> None:
    """The error on stderr; settings have their faults one a line, to click on."""
    line(told(error), "red", stderr=True)


def told(error: LockgateError) -> str:
    """The error in words. Faults of settings begin with their place, anything else with `error:`."""
    faults: Sequence[object] | None = getattr(error, "faults", None)
    if faults is None:
        return f"error: {redact(error.message)}"
    return f"{error.message}\nerror: {counted(len(faults), 'fault')} in the settings"


def counted(number: int, noun: str) -> str:
    """`1 route`, `2 routes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shown(text: str, file: IO[str]) -> str:
    """A model's words as they may go to `file`: a terminal gets none of the characters that steer it."""
    return text.translate(_CONTROL) if file.isatty() else text
