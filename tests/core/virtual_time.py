"""An event loop whose time passes only when everybody waits: hours in milliseconds, and nothing left to luck."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from lockgate.adapters.loop_clock import LoopClock


class _Leap(selectors.SelectSelector):
    """In place of waiting, time moves on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def virtual_clock() -> LoopClock:
    """The engine's clock by the running loop."""
    return LoopClock(lambda: asyncio.get_running_loop().time())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()
