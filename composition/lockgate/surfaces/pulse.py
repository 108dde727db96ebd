"""Keeps connections alive while a model thinks: a ping into every stream that has been silent for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType

_TICKS = 4
"""Of the timer, in an interval."""


class Pulse:
    """One timer for all streams of a server. `interval` in seconds of silence."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._streams: set[Beat] = set()
        self._timer: asyncio.TimerHandle | None = None

    def over(self, write: Callable[[bytes], Awaitable[None]], ping: bytes) -> "Beat":
        """For the time of a `with` block, writes `ping` whenever the stream has been silent; empty: never."""
        return Beat(self, write, ping)

    def follow(self, beat: "Beat") -> None:
        """A stream has begun."""
        self._streams.add(beat)
        if self._timer is None:
            self._wait(asyncio.get_running_loop())

    def leave(self, beat: "Beat") -> None:
        """A stream has ended. The timer outlives the last one: the next is most likely to want it."""
        self._streams.discard(beat)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(self._interval / _TICKS, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        for beat in self._streams:
            beat.silence += 1
            if beat.silence > _TICKS:
                beat.ping()
        if self._streams:
            self._wait(loop)


class Beat:
    """One stream. Its writer sets `silence` to 0 with each piece."""

    __slots__ = ("_ping", "_pinging", "_pulse", "_write", "silence")

    def __init__(self, pulse: Pulse, write: Callable[[bytes], Awaitable[None]], ping: bytes) -> None:
        self._pulse = pulse
        self._write = write
        self._ping = ping
        self._pinging: asyncio.Task[None] | None = None
        self.silence = 0
        """For how many ticks of the timer nothing was written."""

    async def over(self, writing: Awaitable[object]) -> None:
        """Waits until a piece is written."""
        await writing
        self.silence = 0

    def ping(self) -> None:
        """Writes a ping, unless the last one is still waiting for the client to read."""
        if self._pinging is None or self._pinging.done():
            self.silence = 0
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
