"""Keeps connections alive while a model thinks: a ping into every stream that has been silent for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType


class Pulse:
    """One timer for all streams of a server. `interval` in seconds of silence."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._streams: set[Beat] = set()
        self._timer: asyncio.Task[None] | None = None

    def over(self, write: Callable[[bytes], Awaitable[None]], ping: bytes) -> "Beat":
        """For the time of a `with` block, writes `ping` whenever the stream has been silent; empty: never."""
        return Beat(self, write, ping)

    def follow(self, beat: "Beat") -> None:
        """A stream has begun."""
        self._streams.add(beat)
        if self._timer is None:
            self._timer = asyncio.create_task(self._tick())

    def leave(self, beat: "Beat") -> None:
        """A stream has ended; the timer ends with the last one."""
        self._streams.discard(beat)
        if not self._streams and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._interval / 4)
            silent_since = asyncio.get_running_loop().time() - self._interval
            for beat in [beat for beat in self._streams if beat.last < silent_since]:
                beat.ping()


class Beat:
    """One stream. Its writer calls `touch` after each piece."""

    __slots__ = ("_ping", "_pinging", "_pulse", "_time", "_write", "last")

    def __init__(self, pulse: Pulse, write: Callable[[bytes], Awaitable[None]], ping: bytes) -> None:
        self._pulse = pulse
        self._write = write
        self._ping = ping
        self._pinging: asyncio.Task[None] | None = None
        self._time = asyncio.get_running_loop().time
        self.last = self._time()
        """When something was last written, on the loop's clock."""

    def touch(self) -> None:
        """A piece was written."""
        self.last = self._time()

    def ping(self) -> None:
        """Writes a ping, unless the last one is still waiting for the client to read."""
        if self._pinging is None or self._pinging.done():
            self.touch()
            self._pinging = asyncio.create_task(self._send())

    async def _send(self) -> None:
        try:
            await self._write(self._ping)
        except ConnectionError:
            # The client has left; the stream's own writer is told so too, and ends the call.
            return

    def __enter__(self) -> "Beat":
        if self._ping:
            self._pulse.follow(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pulse.leave(self)
        if self._pinging is not None:
            self._pinging.cancel()
