"""The engine's clock, by the running event loop."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType


class LoopClock:
    """Monotonic seconds, and timeouts that share one timer of the event loop: one each, as `asyncio.timeout` has,
    costs more than the piece of a stream that it waits for."""

    sleep = staticmethod(asyncio.sleep)

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.timeout: Callable[[float], AbstractContextManager[object]] = partial(_Timeout, self)
        """A block that is left with TimeoutError when it takes longer than so many seconds."""
        self.open: set[_Timeout] = set()
        """The blocks that have begun and not ended. The timer outlives them: the next one is most likely to want it."""
        self._timer: asyncio.TimerHandle | None = None
        self.due = float("inf")
        """When the timer rings."""
        self._loop: asyncio.AbstractEventLoop | None = None

    def task(self) -> "asyncio.Task[object]":
        """The one that runs."""
        # Asked for without its loop, it costs a system call in Python 3.11.
        task = asyncio.current_task(self._loop) if self._loop is not None else None
        if task is None:
            self._loop = asyncio.get_running_loop()
            task = asyncio.current_task(self._loop)
            assert task is not None  # noqa: S101  a coroutine that runs is in a task
        return task

    def arm(self, due: float) -> None:
        """The timer rings by then."""
        if self._timer is not None:
            self._timer.cancel()
        self.due = due
        self._timer = asyncio.get_running_loop().call_later(due - self.now(), self._ring)

    def _ring(self) -> None:
        self._timer, self.due = None, float("inf")
        now = self.now()
        for block in [block for block in self.open if block.due <= now]:
            self.open.discard(block)
            block.expire()
        if self.open:
            self.arm(min(block.due for block in self.open))


class _Timeout:
    """As asyncio.timeout: cancels the task that entered it, and tells that cancellation from others."""

    __slots__ = ("_cancelling", "_clock", "_expired", "_seconds", "_task", "due")

    def __init__(self, clock: LoopClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._expired = False

    def expire(self) -> None:
        """It took too long."""
        self._expired = True
        self._task.cancel()

    def __enter__(self) -> None:
        clock = self._clock
        self._task = task = clock.task()
        self._cancelling = task.cancelling()
        self.due = due = clock.now() + self._seconds
        clock.open.add(self)
        if due < clock.due:
            clock.arm(due)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._clock.open.discard(self)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
