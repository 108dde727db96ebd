"""HttpPort on a lean HTTP/1.1 client of our own: one pool per provider, gated at every request and every socket."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from functools import lru_cache

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]

from lockgate.adapters.egress_gate import EgressGate, unnoted
from lockgate.adapters.lean_connection import LeanConnection
from lockgate.adapters.via import DIRECT, Via
from lockgate_ports.egress import EgressPolicyPort
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import HttpRequest, HttpResponse, Origin
from lockgate_ports.metrics import Note

_IDLE_LIMIT = 30.0
_KEPT = 1000
"""Idle connections kept for one origin."""
_SHORT = 1024
"""Letters of a target up to which the beginning of its requests is remembered."""


class LeanClient:
    """The way out for one provider. `connect_timeout` in seconds, TLS included; `note` is told of refusals."""

    def __init__(
        self,
        provider_id: str,
        policy: EgressPolicyPort,
        connect_timeout: float,
        via: Via = DIRECT,
        note: Callable[[Note], None] = unnoted,
    ) -> None:
        self._gate = EgressGate(provider_id, policy, via.proxy, note)
        self._via = via
        self._connect_timeout = connect_timeout
        self._idle: dict[Origin, deque[LeanConnection]] = {}
        self._open: set[LeanConnection] = set()
        self._tls: ssl.SSLContext | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        """One request; raises as HttpPort says."""
        self._gate.pass_request(request)
        head = _head(request)
        connection = self._take(request.origin) or await self._connect(request.origin, request.connect)
        try:
            return await connection.send(head, request.body)
        except UpstreamError as error:
            error.message = f"{request.origin} {error.message}"
            raise
        except BaseException:
            connection.abort()
            raise

    async def aclose(self) -> None:
        """Closes the pool."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._open):
            connection.abort()
        self._open.clear()
        self._idle.clear()

    def _take(self, origin: Origin) -> LeanConnection | None:
        idle = self._idle.get(origin)
        while idle:
            # The last one used is the one whose upstream is least likely to have closed it.
            connection = idle.pop()
            if connection.lost:
                continue
            if connection.loop.time() - connection.idle_since <= _IDLE_LIMIT:
                return connection
            connection.abort()
        return None

    async def _connect(self, origin: Origin, seconds: float | None) -> LeanConnection:
        there = self._via.proxy or origin
        approach = self._gate.approach(there)
        loop = asyncio.get_running_loop()
        idle = self._idle.setdefault(origin, deque())

        def released(connection: LeanConnection) -> None:
            connection.idle_since = loop.time()
            idle.append(connection)
            if len(idle) > _KEPT:
                idle.popleft().abort()
            if self._sweep is None:
                self._sweep = loop.call_later(_IDLE_LIMIT / 2, self._close_idle, loop)

        try:
            async with asyncio.timeout(self._connect_timeout if seconds is None else seconds):
                addresses = await loop.getaddrinfo(there.host, there.port, type=socket.SOCK_STREAM)
                made = await start_connection(
                    addresses, happy_eyeballs_delay=0.25, interleave=1, socket_factory=approach.socket
                )
                if there is not origin:
                    await self._tunnel(made, origin)
                tls = self._tls_context() if origin.scheme == "https" else None
                _, connection = await loop.create_connection(
                    lambda: LeanConnection(released, self._open.discard),
                    sock=made,
                    ssl=tls,
                    server_hostname=origin.host if tls else None,
                )
        except TimeoutError:
            raise UpstreamError(f"{there} does not take the connection in time", kind="timeout", sent=False) from None
        except socket.gaierror as error:
            raise UpstreamError(f"the name {there.host} does not resolve", kind="transient", sent=False) from error
        except ssl.SSLError as error:
            raise UpstreamError(f"{origin} shows no certificate that is trusted", kind="fatal", sent=False) from error
        except OSError as error:
            if approach.denied is not None:
                raise approach.denied from None
            raise UpstreamError(f"{there} refuses the connection", kind="transient", sent=False) from error
        self._open.add(connection)
        return connection

    def _close_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        """What nobody has asked for in a while, so that a quiet hour holds no connections open."""
        oldest = loop.time() - _IDLE_LIMIT
        for idle in self._idle.values():
            while idle and idle[0].idle_since <= oldest:
                idle.popleft().abort()
        kept = any(self._idle.values())
        self._sweep = loop.call_later(_IDLE_LIMIT / 2, self._close_idle, loop) if kept else None

    async def _tunnel(self, made: socket.socket, origin: Origin) -> None:
        try:
            await self._via.tunnel(made, origin)
        except BaseException:
            made.close()
            raise

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = self._via.tls or ssl.create_default_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


def _head(request: HttpRequest) -> bytes:
    """The request line and fields. Raises UpstreamError for a line break or space that would make two of one."""
    opening = _opening if len(request.target) <= _SHORT else _opening.__wrapped__
    lines, named = [opening(request.method, request.origin, request.target)], False
    for name, value in request.headers:
        line = f"{name}: {value}"
        if "\n" in line:
            raise _cannot_be_sent(request.origin)
        if name == "user-agent":
            named = True
        lines.append(line)
    if not named:
        lines.append("user-agent: lockgate")
    lines.append(f"accept-encoding: identity\r\ncontent-length: {len(request.body)}\r\n\r\n")
    try:
        return "\r\n".join(lines).encode("latin-1")
    except UnicodeEncodeError:
        raise _cannot_be_sent(request.origin) from None


@lru_cache(maxsize=256)
def _opening(method: str, origin: Origin, target: str) -> str:
    """What each request for the same place begins with."""
    opening = f"{method} {target} HTTP/1.1\r\nhost: {str(origin).partition('//')[2]}"
    if opening.count("\n") != 1 or " " in target or not target.isascii():
        raise _cannot_be_sent(origin)
    return opening


def _cannot_be_sent(origin: Origin) -> UpstreamError:
    return UpstreamError(
        f"{origin} cannot be asked: a header or the path holds what HTTP cannot say", kind="fatal", sent=False
    )
