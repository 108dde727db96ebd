"""Runs the server: opens the gateway, listens, waits for a signal, drains."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lockgate.cli.listening import contents, listen, settle_down
from lockgate.cli.logs import log_faults_of
from lockgate.cli.opening import opened
from lockgate.cli.reloading import reloading
from lockgate.cli.stopping import Stopping
from lockgate.cli.terminal import line, note, warn
from lockgate.cli.where import LOOPBACK, open_to_all, reachable, ready, stopping_words, url
from lockgate.gateway import Gateway
from lockgate.history import stamp
from lockgate.seat import Seat


class Listening(Struct, frozen=True):
    """What the command line says in place of the settings, and whether to say hello. `seat`: the only one there is,
    where it says so."""

    host: str | None = None
    port: int | None = None
    hello: bool = False
    seat: Seat | None = None


def serve(path: Path | None, environment: str | None, listening: Listening) -> int:
    """Serves until a signal; returns the exit code. Raises SettingsError when it cannot open or listen."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_serve(path, environment, listening))


def loop() -> asyncio.AbstractEventLoop:
    """A new one, uvloop's where that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(path: Path | None, environment: str | None, listening: Listening) -> int:
    log_faults_of(asyncio.get_running_loop())
    this = asyncio.current_task()
    assert this is not None  # noqa: S101  a coroutine that runs is in a task
    stopping = Stopping(this.cancel)
    try:
        read = stamp(path)
        async with opened(path, environment, seat=listening.seat) as gateway:
            server = gateway.settings.server
            host = server.host if listening.host is None else listening.host
            listener = await listen(gateway, host, server.port if listening.port is None else listening.port)
            drain = server.drain_timeout
            stopping.on_first = lambda: note(stopping_words(drain))
            try:
                gateway.on_reload(lambda told: listener.rebound(gateway.bounds) if told.ok else None)
                async with reloading(gateway, path, read):
                    settle_down()
                    _say_ready(gateway, host, listener.port)
                    if listening.hello:
                        from lockgate.cli.hello import hello  # brings an HTTP client that nothing else here needs

                        where = url(reachable(host), listener.port)
                        await _until(stopping, asyncio.create_task(hello(gateway, where)))
                    await stopping.asked.wait()
            finally:
                await listener.stop()
    except asyncio.CancelledError:
        if not stopping.asked.is_set():
            raise
    return 0


def _say_ready(gateway: Gateway, host: str, port: int) -> None:
    line(ready(url(host, port), contents(gateway)), "bold green")
    sys.stdout.flush()
    if host not in LOOPBACK and not gateway.callers.asked:
        warn(open_to_all(host, port))


async def _until(stopping: Stopping, task: asyncio.Task[None]) -> None:
    """Waits for the task, or drops it when the server shall stop."""
    asked = asyncio.create_task(stopping.asked.wait())
    await asyncio.wait((task, asked), return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if task.done():
        task.result()
        return
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
