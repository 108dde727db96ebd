"""Fetches weights, with a bar that shows how far it is."""

from collections.abc import Mapping
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from lockgate.cli.terminal import console, note
from lockgate_ports.hooks import Weights, weights_folder


def fetch(weights: Weights, env: Mapping[str, str]) -> Path:
    """The path of the file, which is there and right. Raises SettingsError saying why it is not."""
    err = console(stderr=True)
    folder = weights_folder(env)
    if not err.is_terminal:
        note(f"fetching {weights.name} ({size(weights.size_bytes)}, {weights.license}) into {folder}")
        return weights.pull(folder, lambda done, total: None)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(weights.name, total=weights.size_bytes)
        return weights.pull(folder, lambda done, total: progress.update(task, completed=done, total=total))


def size(number: int) -> str:
    """`98 MB`."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
