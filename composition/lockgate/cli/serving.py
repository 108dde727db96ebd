"""Runs the server: opens the gateway, listens, waits for a signal, drains."""

import asyncio
import errno
import gc
import sys
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from lockgate.cli.logs import log_faults_of
from lockgate.cli.opening import opened
from lockgate.cli.reloading import reloading, stamp
from lockgate.cli.stopping import Stopping
from lockgate.cli.terminal import counted, line, note, warn
from lockgate.gateway import Gateway
from lockgate.surfaces.listener import Listener
from lockgate_ports.errors import SettingsError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OPEN = (
    "whoever reaches {host} could spend your keys, since no client is asked for one; make virtual keys "
    "(`auth: {{keys: {{path: keys.db}}}}`, then `lockgate keys create`), or name keys in "
    "server.client_credential_refs, or listen on 127.0.0.1; where all of this is meant, say `auth: {{open: true}}`"
)


class Listening(Struct, frozen=True):
    """What the command line says in place of the settings, and whether to say hello."""

    host: str | None = None
    port: int | None = None
    hello: bool = False


def serve(path: Path | None, environment: str | None, listening: Listening) -> int:
    """Serves until a signal; returns the exit code. Raises SettingsError when it cannot open or listen."""
    with asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(_serve(path, environment, listening))


def _loop() -> asyncio.AbstractEventLoop:
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
        async with opened(path, environment) as gateway:
            host = gateway.settings.server.host if listening.host is None else listening.host
            listener = await _listen(gateway, host, listening.port)
            drain = gateway.settings.server.drain_timeout
            stopping.on_first = lambda: note(
                f"stopping: calls in progress have {drain:g} s to end; a second signal quits at once"
            )
            try:
                gateway.on_reload(lambda told: listener.rebound(gateway.bounds) if told.ok else None)
                async with reloading(gateway, path, read):
                    # What is open by now stays for long: the collector need not walk over it again and again.
                    gc.collect()
                    gc.freeze()
                    _say_ready(gateway, host, listener.port)
                    if listening.hello:
                        from lockgate.cli.hello import hello  # brings an HTTP client that nothing else here needs

                        url = _url(_reachable(host), listener.port)
                        await _until(stopping, asyncio.create_task(hello(gateway, url)))
                    await stopping.asked.wait()
            finally:
                await listener.stop()
    except asyncio.CancelledError:
        if not stopping.asked.is_set():
            raise
    return 0


async def _listen(gateway: Gateway, host: str, port: int | None) -> Listener:
    server = gateway.settings.server
    bounds = gateway.bounds
    chosen = server.port if port is None else port
    if host not in _LOOPBACK and not gateway.callers.asked and not gateway.settings.auth.open:
        raise SettingsError(_OPEN.format(host=host))
    listener = Listener(gateway.front_door(loopback=host in _LOOPBACK), bounds, host, chosen, server.drain_timeout)
    try:
        await listener.start()
    except OSError as error:
        raise SettingsError(_why(error, host, chosen)) from error
    return listener


def _why(error: OSError, host: str, port: int) -> str:
    where = f"{host}:{port}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"cannot listen on {where}: the port is taken by another program; choose another with --port"
        case errno.EACCES:
            return f"cannot listen on {where}: this user may not take that port; choose one from 1024 on with --port"
        case _:
            return f"cannot listen on {where}: {error.strerror or 'no such address'}; choose another with --host"


def _say_ready(gateway: Gateway, host: str, port: int) -> None:
    settings = gateway.settings
    what = f"{counted(len(settings.providers), 'provider')}, {counted(len(settings.routes), 'route')}"
    line(f"lockgate is ready on {_url(host, port)} ({what})", "bold green")
    sys.stdout.flush()
    if host not in _LOOPBACK and not gateway.callers.asked:
        warn(f"whoever reaches {host}:{port} may spend your keys, as auth.open says")


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


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _reachable(host: str) -> str:
    """Where a server that listens on `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  nothing is bound here
