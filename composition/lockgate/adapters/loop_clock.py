"""The engine's clock, by the running event loop."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType


class LoopClock:
    """Monotonic seconds, and timeouts that share one timer of the event loop: one each, as `asyncio.timeout` has,
    costs more than the piece of a stream that it waits for."""

    sleep = staticmethod(asyncio.sleep)

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.open: set[_Timeout] = set()
        """The blocks that have begun and not ended. The timer outlives them: the next one is most likely to want it."""
        self._timer: asyncio.TimerHandle | None = None
        self.due = float("inf")
        """When the timer rings."""
        self.loop: asyncio.AbstractEventLoop | None = None
        """Asking for it costs a system call in Python 3.11, and so does asking for the task without it."""

    def timeout(self, seconds: float) -> "_Timeout":
        """A block that is left with TimeoutError when it takes longer than so many seconds."""
        return _Timeout(self, self.now() + seconds)

    def task(self) -> "asyncio.Task[object]":
        """The one that runs, on a loop that was not known yet."""
        self.loop = asyncio.get_running_loop()
        task = asyncio.current_task(self.loop)
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

    __slots__ = ("_cancelling", "_clock", "_expired", "_task", "due")

    def __init__(self, clock: LoopClock, due: float) -> None:
        self._clock = clock
        self.due = due

    def expire(self) -> None:
        """It took too long."""
        self._expired = True
        self._task.cancel()

    def until(self, due: float) -> None:
        """It takes too long from then on."""
        self.due = due
        if due < self._clock.due:
            self._clock.arm(due)

    def __enter__(self) -> None:
        clock = self._clock
        task = None if clock.loop is None else asyncio.current_task(clock.loop)
        if task is None:
            task = clock.task()
        self._task = task
        self._cancelling = task.cancelling()
        self._expired = False
        clock.open.add(self)
        if self.due < clock.due:
            clock.arm(self.due)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._clock.open.discard(self)
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
