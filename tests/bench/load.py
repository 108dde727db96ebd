"""The load generator: connections that ask again as soon as they are answered."""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from time import perf_counter
from typing import cast

from msgspec import Struct
from talk import END

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Pass(Struct, frozen=True):
    """What a stretch of load saw: the latencies of whole answers and the CPU time in seconds, and how many events of
    streams came, of unfinished ones too."""

    latencies: list[float]
    events: int
    cpu: float


class _Tally:
    """What all connections count together."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.events = 0


class _Client(asyncio.Protocol):
    """One connection with one request in flight. `left`: bytes that are due, -1 while chunks are."""

    _transport: asyncio.Transport

    def __init__(self, requests: Iterator[bytes], tally: _Tally, failed: Callable[[str], None]) -> None:
        self._requests = requests
        self._tally = tally
        self._failed = failed
        self._head: bytes | None = b""
        self._left = 0
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._head.startswith(b"HTTP/1.1 200"):
                self._failed(f"answered {self._head[:600]!r}")
                return
            length = _LENGTH.search(self._head, 0, end + 2)
            self._left = int(length[1]) if length else -1
            data = self._head[end + 4 :]
            self._head = None
        self._tail = data[-64:] if len(data) >= 64 else (self._tail + data)[-64:]
        if self._left >= 0:
            self._left -= len(data)
            over = self._left <= 0
        else:
            self._tally.events += data.count(b"data: ")
            over = self._tail.endswith(END)
            if over and b"[DONE]" not in self._tail:
                self._failed(f"ended a stream early: {self._tail!r}")
        if over:
            self._tally.latencies.append(perf_counter() - self._began)
            self.ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._failed(f"closed the connection ({exc})")

    def ask(self) -> None:
        """The next request; those after it follow by themselves."""
        self._head = b""
        self._tail = b""
        self._began = perf_counter()
        self._transport.write(next(self._requests))

    def leave(self) -> None:
        self._failed = lambda why: None
        self._transport.abort()


async def drive(
    port: int, requests: Sequence[bytes], in_flight: int, warm_up: float, seconds: float, cpu: Callable[[], float]
) -> Pass:
    """Keeps `in_flight` requests open, one after the other in turn; counts after `warm_up` for `seconds`. Raises
    RuntimeError for a bad answer."""
    turn = cycle(requests)
    loop = asyncio.get_running_loop()
    tally = _Tally()
    failure: asyncio.Future[None] = loop.create_future()

    def failed(why: str) -> None:
        if not failure.done():
            failure.set_exception(RuntimeError(f"127.0.0.1:{port} {why}"))

    clients = [
        (await loop.create_connection(lambda: _Client(turn, tally, failed), "127.0.0.1", port))[1]
        for _ in range(in_flight)
    ]
    try:
        # Not before all are connected: who is busy with the first takes long to let the last one in.
        for client in clients:
            client.ask()
        await _wait(failure, warm_up)
        tally.latencies.clear()
        tally.events = 0
        before = cpu()
        await _wait(failure, seconds)
        return Pass(tally.latencies, tally.events, cpu() - before)
    finally:
        for client in clients:
            client.leave()


async def _wait(failure: "asyncio.Future[None]", seconds: float) -> None:
    await asyncio.wait((failure,), timeout=seconds)
    if failure.done():
        failure.result()


async def look(port: int, request: bytes, pieces: int = 1) -> None:
    """Asks once and looks at the whole answer. Raises RuntimeError when it has not so many pieces of content."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(20):
            told = await reader.readuntil(b"\r\n\r\n")
            length = _LENGTH.search(told)
            told += await reader.readuntil(END) if length is None else await reader.readexactly(int(length[1]))
    finally:
        writer.close()
    if not told.startswith(b"HTTP/1.1 200") or told.count(b'"content":"') < pieces:
        raise RuntimeError(f"127.0.0.1:{port} answered {told[:600]!r}")
