"""What makes a server take its settings anew: SIGHUP, and their files when they change. Applied ones are kept."""

import asyncio
import logging
import signal
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from lockgate.cli.terminal import note
from lockgate.gateway import Gateway
from lockgate.history import History, Stamp, history_of, stamp, texts
from lockgate.reloaded import Reloaded
from lockgate_ports.errors import SettingsError

_log = logging.getLogger("lockgate.reload")

_LOOK = 1.0
"""Seconds between two looks at the files. What changed must have stayed the same from one to the next: an editor may
be writing."""


@asynccontextmanager
async def reloading(gateway: Gateway, path: Path | None, read: Stamp) -> AsyncGenerator[None, None]:
    """For the time of a block; `path` None is the embedded default, of which nothing can change. `read`: the stamp of
    the files from before they were read."""
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()

    def take() -> None:
        task = loop.create_task(_take(gateway, "signal"))
        running.add(task)
        task.add_done_callback(running.discard)

    if path is not None:
        keep(gateway, path, "start")
    gateway.on_reload(lambda told: _heard(gateway, path, told))
    hangs_up = getattr(signal, "SIGHUP", None)
    if hangs_up is not None:
        loop.add_signal_handler(hangs_up, take)
    watch = None if path is None else loop.create_task(_watch(gateway, path, read))
    try:
        yield
    finally:
        if hangs_up is not None:
            loop.remove_signal_handler(hangs_up)
        if watch is not None:
            watch.cancel()


async def _take(gateway: Gateway, actor: str) -> None:
    try:
        await gateway.reload(actor=actor)
    except SettingsError:
        return  # the gateway itself has logged it, and tells it in /health/providers


async def _watch(gateway: Gateway, path: Path, applied: Stamp) -> None:
    seen = applied
    while True:
        await asyncio.sleep(_LOOK)
        now = stamp(path)
        if now == seen and now != applied and gateway.settings.reload.watch:
            applied = now
            await _take(gateway, "file")
        seen = now


def _heard(gateway: Gateway, path: Path | None, told: Reloaded) -> None:
    if told.ok:
        note(f"new settings serve from now on ({told.actor})")
        if path is not None:
            keep(gateway, path, told.actor)


def keep(gateway: Gateway, path: Path, actor: str, read: Mapping[str, str] | None = None) -> None:
    """Keeps the settings that serve now, `read` or else as their files say, for `lockgate config`."""
    chosen = gateway.settings.reload
    history = History(history_of(path, chosen.history), chosen.keep)
    try:
        history.add(texts(path) if read is None else read, actor)
    except (OSError, UnicodeError, SettingsError) as error:
        _log.warning(
            "%s: the settings that serve now cannot be kept for `lockgate config rollback` (%s); "
            "name a folder for them in reload.history",
            history.folder,
            error.message if isinstance(error, SettingsError) else type(error).__qualname__,
        )
