"""The engine's clock, by the running event loop."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager


class LoopClock:
    """Monotonic seconds, and the event loop's own timers."""

    now = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """A block that is left with TimeoutError when it takes longer."""
        return asyncio.timeout(seconds)
