"""The server: connections on a TCP port, watched over, and drained in the end."""

import asyncio
from collections.abc import Sequence
from functools import partial
from socket import socket

from lockgate.surfaces.answer_head import constant_fields
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.connection import Connection, Service
from lockgate.surfaces.replies import Door

_BACKLOG = 2048
_CLEAN_UP = 1.0
"""Seconds that calls which draining cuts off have to close their upstreams."""


class Listener:
    """The front door on a TCP port. `port` 0 takes a free one; read it after `start`. Where there are `sockets`, which
    are bound already, it listens on these."""

    def __init__(
        self,
        door: Door,
        bounds: Bounds,
        host: str,
        port: int,
        drain_timeout: float,
        sockets: Sequence[socket] = (),
    ) -> None:
        self._sockets = sockets
        self._door = door
        self._bounds = bounds
        self._host = host
        self._drain_timeout = drain_timeout
        self._servers: list[asyncio.Server] = []
        self._service: Service | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.port = port

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        service = Service(self._door, self._bounds)
        loop = asyncio.get_running_loop()
        listens = partial(loop.create_server, lambda: Connection(service), backlog=_BACKLOG)
        if self._sockets:
            self._servers = [await listens(sock=each) for each in self._sockets]
        else:
            self._servers = [await listens(self._host, self.port)]
        self._service = service
        self.port = self._servers[0].sockets[0].getsockname()[1]
        self._watch(service)

    def rebound(self, bounds: Bounds) -> None:
        """Connections from now on have these bounds."""
        self._bounds = bounds
        if self._service is not None:
            self._service.rebound(bounds)

    async def stop(self) -> None:
        """Takes no new connections, lets calls in progress end, then closes."""
        service = self._service
        if service is None:
            return
        self._service = None
        for server in self._servers:
            server.close()
        service.draining = True
        for connection in list(service.open):
            connection.drain()
        try:
            async with asyncio.timeout(self._drain_timeout):
                await service.empty.wait()
        except TimeoutError:
            cut = [connection.abort() for connection in list(service.open)]
            if calls := [task for task in cut if task is not None]:
                await asyncio.wait(calls, timeout=_CLEAN_UP)
        if self._timer is not None:
            self._timer.cancel()

    def _watch(self, service: Service) -> None:
        """One timer for all connections: one each would cost every request."""
        service.constant = constant_fields()
        now = service.loop.time()
        for connection in list(service.open):
            connection.watch(now)
        self._timer = service.loop.call_later(min(1.0, self._bounds.header_timeout / 4), self._watch, service)
