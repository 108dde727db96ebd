"""Runs several workers under a supervisor; what it imports stays in the memory of a process that serves nothing."""

import asyncio
import os
import sys
from pathlib import Path

from msgspec import Struct

from lockgate.cli.terminal import counted, line, note, warn
from lockgate.cli.where import cannot_listen, open_to_all, reachable, ready, stopping_words, url
from lockgate.history import files
from lockgate_ports.errors import SettingsError


class Wish(Struct, frozen=True):
    """What the command line says in place of the settings."""

    host: str | None = None
    port: int | None = None
    workers: int | None = None


class Served(Struct, frozen=True):
    """Where, and by how many."""

    host: str
    port: int
    workers: int


def asked_for(path: Path | None, environment: str | None, wish: Wish) -> Served:
    """What the settings say, and the command line in their place. Settings are read here only where they may ask for
    more than one worker; what is wrong with them, whoever opens them will say."""
    from lockgate.settings import ServerSettings, read_settings, server_of

    server = ServerSettings()
    if path is not None and (wish.workers or 0) != 1 and (wish.workers or _may_want_workers(path)):
        try:
            server = server_of(read_settings(path, environment=environment, env=os.environ))
        except SettingsError:
            return Served(server.host, server.port, 1)
    return Served(
        server.host if wish.host is None else wish.host,
        server.port if wish.port is None else wish.port,
        server.workers if wish.workers is None else wish.workers,
    )


def supervise(
    path: Path | None, environment: str | None, served: Served, *, hello: bool, log_level: str, log_json: bool
) -> int:
    """Serves until a signal; returns the exit code. Raises SettingsError when the workers cannot open or listen, or do
    not stay alive."""
    if sys.platform == "win32":
        raise SettingsError("several workers need a POSIX system; on Windows, serve with one: `--workers 1`")
    from lockgate.cli.workers.messages import Ready
    from lockgate.cli.workers.sockets import Port
    from lockgate.cli.workers.supervisor import Orders, Supervisor

    host = served.host
    try:
        port = Port(host, served.port)
    except OSError as error:
        raise cannot_listen(error, host, served.port) from error

    def say_ready(first: Ready) -> None:
        what = f"{first.what}, {counted(served.workers, 'worker')}"
        line(ready(url(host, port.port), what), "bold green")
        sys.stdout.flush()
        if first.open:
            warn(open_to_all(host, port.port))

    note(f"opening {path or 'the embedded model'} by {served.workers} workers")
    orders = Orders(
        workers=served.workers,
        path=path,
        environment=environment,
        host=host,
        log_level=log_level,
        log_json=log_json,
        hello=url(reachable(host), port.port) if hello else None,
    )
    return asyncio.run(Supervisor(orders, port, say_ready, lambda drain: note(stopping_words(drain))).run())


def _may_want_workers(path: Path) -> bool:
    """A file that never says the word need not be read twice."""
    try:
        return any(b"workers" in each.read_bytes() for each in files(path))
    except OSError:
        return False
