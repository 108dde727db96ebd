"""One kind of call, many times, through a gateway in memory, both of whose ends are faked; valgrind counts the last.

`python in_memory.py MODEL whole|stream [LAYER|large]`. `LAYER`: what lies within it answers from memory too. `large`:
the gateway has 100 providers and 10,000 routes.
"""

import asyncio
import gc
import os
import subprocess
import sys
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from deployment import ENV, MODEL, ONE, Size, settings
from loops import run
from talk import END, answer, ask, stream
from tongues import claude, claude_stream, gemini, gemini_stream

from lockgate import open_gateway
from lockgate.adapters.lean_client import LeanClient
from lockgate.adapters.lean_connection import LeanConnection
from lockgate.surfaces.connection import Connection, Service
from lockgate_ports.http import Origin

CALLS = {"whole": 640, "stream": 64}
"""How many are counted."""
IN_FLIGHT = 16
_COUNTED = "vgpreload" in os.environ.get("LD_PRELOAD", "")
"""valgrind looks on."""
_TOLD = {
    (MODEL, "whole"): answer(),
    (MODEL, "stream"): b"".join(stream()),
    ("claude", "whole"): claude(),
    ("claude", "stream"): claude_stream(),
    ("gemini", "whole"): gemini(),
    ("gemini", "stream"): gemini_stream(),
}


class Transport(asyncio.Transport):
    """Gives what is written to `heard`."""

    def __init__(self, heard: Callable[[bytes], object]) -> None:
        super().__init__()
        self.write = heard  # type: ignore[method-assign,assignment]

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        """It is never too much."""

    def resume_reading(self) -> None:
        """It is never too much."""

    def abort(self) -> None:
        """Nothing is open."""

    close = abort


class Clients:
    """As many as there are calls in flight; each asks again when it has its answer."""

    def __init__(self, service: Service, asked: bytes, *, streams: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = asked
        self._streams = streams
        self._left = 0
        self._over = self._loop.create_future()
        self._connections = [self._connected(service) for _ in range(IN_FLIGHT)]

    async def ask(self, calls: int) -> None:
        self._left, self._over = calls, self._loop.create_future()
        for connection in self._connections:
            self._loop.call_soon(connection.data_received, self._asked)
        await self._over

    def _connected(self, service: Service) -> Connection:
        connection = Connection(service)
        connection.connection_made(Transport(lambda data: self._heard(connection, data)))
        return connection

    def _heard(self, connection: Connection, data: bytes) -> None:
        if self._streams and not data.endswith(END):
            return
        self._left -= 1
        if self._left >= IN_FLIGHT:
            self._loop.call_soon(connection.data_received, self._asked)
        elif not self._left:
            self._over.set_result(None)


def answering(told: bytes) -> Callable[..., Awaitable[LeanConnection]]:
    """In place of LeanClient's way to connect: an upstream that answers each request with `told`."""

    async def connect(self: Any, origin: Origin, *_: object) -> LeanConnection:
        idle = self._idle.setdefault(origin, deque())
        connection = LeanConnection(idle.append, self._open.discard)
        loop = asyncio.get_running_loop()
        connection.connection_made(Transport(lambda data: loop.call_soon(connection.data_received, told)))
        return connection

    return connect


def remember(owner: Any, name: str) -> None:
    """Has it answer only once, and repeat that."""
    ask_it, known = getattr(owner, name), []

    async def answered(*given: Any, **named: Any) -> Any:
        if not known:
            known.append(await ask_it(*given, **named))
        return known[0]

    setattr(owner, name, answered)


class Hall:
    """A front door that reads each request, and answers all as it did the first."""

    def __init__(self, door: Any) -> None:
        self._door, self._known = door, []

    async def handle(self, head: Any, read: Any) -> Any:
        if not self._known:
            self._known.append(await self._door.handle(head, read))
        body = read()
        if not isinstance(body, bytes):
            await body
        return self._known[0]


async def main(model: str, kind: str, layer: str) -> None:
    LeanClient._connect = answering(_TOLD[model, kind])  # type: ignore[method-assign,assignment]
    size = Size(providers=100, routes=10_000) if layer == "large" else ONE
    async with open_gateway(settings(9, size), env=ENV) as gateway:
        engine = gateway._succession.current.engine
        door: Any = gateway.front_door(loopback=True)
        if layer == "server":
            door = Hall(door)
        elif layer == "surface":
            remember(engine, "answer")
        elif layer == "engine":
            remember(engine, "_handler")
        elif layer == "attempts":
            provider = "mock-000" if model == MODEL else model
            remember(gateway.providers[provider].port, "chat")
        streams = kind == "stream"
        clients = Clients(Service(door, gateway.bounds), ask(1, model, stream=streams), streams=streams)
        await clients.ask(3 * CALLS["whole"])
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 5, 5)
        await clients.ask(CALLS[kind])
        _control("on")
        await clients.ask(CALLS[kind])
        _control("off")


def _control(state: str) -> None:
    if not _COUNTED:
        return
    subprocess.run(["callgrind_control", "-i", state, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    run(main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""))
