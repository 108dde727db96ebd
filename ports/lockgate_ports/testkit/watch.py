"""A watch on the process while a plugin works: what blocks the event loop, and what leaves beside the HttpPort."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any
from unittest import mock

_WAYS_OUT = (
    "socket.connect",
    "socket.sendto",
    "socket.get",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
)


class Watch:
    """`with Watch() as watch:` records; read the lists afterwards."""

    LIMIT = 0.4
    """Seconds that the loop may stand still; far above what a busy machine does to an idle loop."""

    def __init__(self) -> None:
        self.blocked: list[str] = []
        """Calls of `time.sleep` in the thread of an event loop."""
        self.ways_out: list[str] = []
        """Connections, look-ups of names and processes that were begun."""
        self.longest_gap = 0.0
        self._patch = mock.patch.object(time, "sleep", self._sleep)
        self._really_sleep = time.sleep

    def __enter__(self) -> "Watch":
        _audit.add(self)
        self._patch.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patch.stop()
        _audit.remove(self)

    @asynccontextmanager
    async def heartbeat(self) -> AsyncGenerator[None]:
        """Measures the longest time that the loop of this task stands still."""
        beat = asyncio.create_task(self._beat())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await asyncio.sleep(0)
            beat.cancel()

    async def _beat(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            self.longest_gap = max(self.longest_gap, time.perf_counter() - before)

    def _sleep(self, seconds: float) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self._really_sleep(seconds)
        else:
            self.blocked.append(f"time.sleep({seconds})")


class _Audit:
    """The one audit hook of the process: it cannot be taken out, so it stays and asks who is watching."""

    def __init__(self) -> None:
        self._watching: list[Watch] = []
        self._hooked = False

    def add(self, watch: Watch) -> None:
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self._heard)
        self._watching.append(watch)

    def remove(self, watch: Watch) -> None:
        self._watching.remove(watch)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._watching and event.startswith(_WAYS_OUT):
            for watch in self._watching:
                watch.ways_out.append(f"{event}: {arguments[-1]!r}")


_audit = _Audit()
