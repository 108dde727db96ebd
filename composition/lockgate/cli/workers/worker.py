"""A process that serves, and does what the supervisor asks of it."""

import asyncio
import signal
from collections.abc import Awaitable
from pathlib import Path
from socket import socket

from lockgate.cli.listening import contents, listen, settle_down
from lockgate.cli.logs import log_faults_of, log_to_stderr
from lockgate.cli.reloading import keep
from lockgate.cli.serving import loop
from lockgate.cli.stopping import Stopping
from lockgate.cli.where import LOOPBACK
from lockgate.cli.workers.channel import Channel
from lockgate.cli.workers.messages import (
    Drop,
    Gather,
    Last,
    Leaving,
    Prepare,
    Ready,
    Show,
    Start,
    TakeOver,
    What,
    encode,
)
from lockgate.cli.workers.own_parts import OwnParts
from lockgate.cli.workers.shared_limits import SharedLimits
from lockgate.cli.workers.shared_pages import SharedPages
from lockgate.cli.workers.succeeding import Succeeding, source_of, texts_of
from lockgate.gateway import Gateway
from lockgate.loading import Source
from lockgate.opening import open_gateway
from lockgate.seat import Seat
from lockgate_ports.errors import LockgateError, SettingsError


def work(descriptor: int) -> int:
    """Speaks with the supervisor over the socket; returns the exit code."""
    # A terminal tells all processes that it runs; the supervisor hears it, and tells the workers.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_run(_taken(descriptor)))


def _taken(descriptor: int) -> socket:
    """A socket that was handed over, for this process alone and none that it starts."""
    made = socket(fileno=descriptor)
    made.set_inheritable(False)
    return made


async def _run(end: socket) -> int:
    return await _Worker().run(end)


class _Worker:
    """One. What is asked of it before it is ready waits for that."""

    def __init__(self) -> None:
        running = asyncio.get_running_loop()
        self._started: asyncio.Future[Start] = running.create_future()
        self._ready: asyncio.Future[bytes] = running.create_future()
        self._parts: OwnParts | None = None
        self._succeeding: Succeeding | None = None

    def serve(self, what: What) -> bytes | Awaitable[bytes]:
        """Does what the supervisor asks."""
        match what:
            case Start():
                self._started.set_result(what)
                return self._ready
            case Show() if self._parts is not None:
                return self._parts.show(what)
            case Prepare() if self._succeeding is not None:
                return self._succeeding.prepare(what)
            case TakeOver() if self._succeeding is not None:
                return self._succeeding.take_over(what)
            case Drop() if self._succeeding is not None:
                return self._succeeding.drop(what)
            case _:
                raise SettingsError(f"this worker cannot be asked for {type(what).__name__} now")

    async def run(self, end: socket) -> int:
        """Until SIGTERM, or until the supervisor is gone."""
        log_faults_of(asyncio.get_running_loop())
        this = asyncio.current_task()
        assert this is not None  # noqa: S101  a coroutine that runs is in a task
        stopping = Stopping(this.cancel, signals=[signal.SIGTERM])
        channel = await Channel.over(end, self.serve)
        hearing = asyncio.create_task(channel.closed())
        hearing.add_done_callback(lambda _: stopping.stop())
        try:
            start = await self._started
            log_to_stderr(start.log_level, as_json=start.log_json, worker=start.number)
            await self._serve(start, channel, stopping)
        except LockgateError as error:
            if self._ready.done():
                raise
            stopping.on_first = lambda: None  # it ends by itself
            self._ready.set_exception(error)
            await asyncio.sleep(0)  # what waits for it says so
            channel.close()
            await hearing
            return 1
        except asyncio.CancelledError:
            if not stopping.asked.is_set():
                raise
        return 0

    async def _serve(self, start: Start, channel: Channel, stopping: Stopping) -> None:
        path = None if start.path is None else Path(start.path)
        source = source_of(path, start.files)
        seat = Seat(
            start.number,
            start.of,
            SharedLimits(channel),
            lambda move: channel.tell(Gather("move", encode(move))),
        )
        async with open_gateway(source, environment=start.environment, seat=seat) as gateway:
            self._parts = OwnParts(gateway)
            self._succeeding = Succeeding(gateway, path)
            await self._parts.catch_up(channel)
            sockets = [_taken(each) for each in start.sockets]
            pages = SharedPages(gateway, channel)
            listener = await listen(gateway, start.host, sockets[0].getsockname()[1], sockets, pages.instead)
            try:
                gateway.on_reload(lambda told: listener.rebound(gateway.bounds) if told.ok else None)
                if start.number == 0 and path is not None:
                    keep(gateway, path, "start", texts_of(source))
                settle_down()
                stopping.on_first = lambda: channel.tell(Leaving())
                self._ready.set_result(encode(_ready(gateway, start, source)))
                await stopping.asked.wait()
            finally:
                await listener.stop()
            channel.tell(Last(await self._parts.counted()))
        channel.close()
        await channel.closed()


def _ready(gateway: Gateway, start: Start, source: Source) -> Ready:
    return Ready(
        files=texts_of(source),
        watch=gateway.settings.reload.watch,
        drain=gateway.settings.server.drain_timeout,
        what=contents(gateway),
        open=start.host not in LOOPBACK and not gateway.callers.asked,
    )
