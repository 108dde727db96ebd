"""The supervisor: starts workers, and another for one that dies, and lets them end together. It serves nothing."""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from msgspec import Struct

from lockgate.cli.stopping import Stopping
from lockgate.cli.workers.channel import Gone
from lockgate.cli.workers.messages import Ready, Start
from lockgate.cli.workers.slot import Slot
from lockgate.cli.workers.sockets import Port
from lockgate.cli.workers.switchboard import Switchboard
from lockgate.history import Stamp, stamp
from lockgate_ports.errors import LockgateError, SettingsError

_log = logging.getLogger("lockgate.workers")

_LOOK = 1.0
"""Seconds between two looks at the files, as where there is one process."""
_MOST_FAILURES = 5
"""So many workers in a row that do not stay alive, and none beside them: then it gives up."""
_LAST = 5.0
"""Seconds beyond `server.drain_timeout` that a worker has to end."""


class Orders(Struct, frozen=True, kw_only=True):
    """What `lockgate serve` was told."""

    workers: int
    path: Path | None
    environment: str | None
    host: str
    log_level: str
    log_json: bool
    hello: str | None
    """The URL at which one worker asks a question when all serve."""


class Supervisor:
    """`say_ready` is called when all serve, `say_stopping` when they shall end."""

    def __init__(
        self,
        orders: Orders,
        port: Port,
        say_ready: Callable[[Ready], None],
        say_stopping: Callable[[float], None],
    ) -> None:
        self._orders = orders
        self._port = port
        self._say_ready = say_ready
        self._say_stopping = say_stopping
        self._board = Switchboard()
        self._board.slots = [Slot(number, port, self._board.serve) for number in range(orders.workers)]
        self._drain = 0.0
        self._running: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._trouble: LockgateError | None = None

    async def run(self) -> int:
        """Until a signal; the exit code. Raises SettingsError when the workers do not come up, or do not stay."""
        stopping = Stopping(self._stop, self._kill)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload("signal")))
        seen = stamp(self._orders.path)
        first, *rest = self._board.slots
        try:
            # What is wrong with the settings is said once, by the first one.
            ready = await self._start(first)
            await asyncio.gather(*(self._start(slot) for slot in rest))
            if not self._over.is_set():
                self._say_ready(ready)
                for slot in self._board.slots:
                    self._spawn(self._keep(slot))
                if self._orders.hello is not None:
                    self._spawn(self._board.say_hello(first, self._orders.hello))
                if self._orders.path is not None:
                    self._spawn(self._watch(self._orders.path, seen))
                await self._over.wait()
        except LockgateError as error:
            self._trouble = error
        finally:
            await self._end()
        if self._trouble is not None and not stopping.asked.is_set():
            raise self._trouble
        return 0

    async def _start(self, slot: Slot) -> Ready:
        files, orders = self._board.files, self._orders

        def start(number: int, sockets: tuple[int, ...]) -> Start:
            return Start(
                number=number,
                of=orders.workers,
                path=None if orders.path is None else str(orders.path),
                environment=orders.environment,
                files=files,
                sockets=sockets,
                host=orders.host,
                log_level=orders.log_level,
                log_json=orders.log_json,
            )

        try:
            ready = await slot.start(start)
            await self._board.joined(slot, ready, files)
        except OSError as error:
            raise SettingsError(f"worker {slot.number} cannot be started: {error.strerror or error}") from error
        except Gone:
            code = await slot.ended()
            raise Gone(f"worker {slot.number} died before it served ({_how(code)}); its log says more") from None
        self._drain = ready.drain
        return ready

    async def _keep(self, slot: Slot) -> None:
        """Another worker follows each that dies."""
        while not self._over.is_set():
            code = await slot.ended()
            if self._over.is_set():
                return
            wait = slot.wait()
            self._board.bury(slot)
            self._board.restarts += 1
            _log.error("worker %d is gone (%s); another is started%s", slot.number, _how(code), _soon(wait))
            await asyncio.sleep(wait)
            if self._over.is_set():
                return
            try:
                await self._start(slot)
                _log.warning("worker %d serves again", slot.number)
            except LockgateError as error:
                _log.error("worker %d does not start: %s", slot.number, error.message)
                slot.end()
                if slot.failures >= _MOST_FAILURES and not any(each.ready for each in self._board.slots):
                    self._give_up(error)

    def _give_up(self, error: LockgateError) -> None:
        self._trouble = SettingsError(f"no worker stays alive, {_MOST_FAILURES} were tried: {error.message}")
        self._over.set()

    def _stop(self) -> None:
        self._over.set()
        self._say_stopping(self._drain)
        for slot in self._board.slots:
            slot.end()

    def _kill(self) -> None:
        for slot in self._board.slots:
            slot.kill()

    async def _end(self) -> None:
        slots = self._board.slots
        for slot in slots:
            slot.end()
        await asyncio.wait([asyncio.ensure_future(slot.ended()) for slot in slots], timeout=self._drain + _LAST)
        for task in self._running:
            task.cancel()
        # What is left now did not end in time, or was about to be started.
        self._kill()
        await asyncio.gather(*(slot.ended() for slot in slots), *self._running, return_exceptions=True)
        self._port.close()

    async def _watch(self, path: Path, applied: Stamp) -> None:
        seen = applied
        while True:
            await asyncio.sleep(_LOOK)
            now = stamp(path)
            if now == seen and now != applied and self._board.watch:
                applied = now
                await self._reload("file")
            seen = now

    async def _reload(self, actor: str) -> None:
        try:
            await self._board.reload(actor)
        except SettingsError:
            return  # the workers have logged it, and tell it in /health/providers

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _soon(wait: float) -> str:
    return f" in {wait:g} s" if wait else ""
