"""SIGTERM and SIGINT: the first asks the server to stop, the second ends the process."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable


class Stopping:
    """Takes the signals from now on. `on_first` is what the first one calls; it may be set anew."""

    def __init__(self, on_first: Callable[[], object]) -> None:
        self.on_first = on_first
        self.asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self._take, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda which, _: loop.call_soon_threadsafe(self._take, which))

    def _take(self, number: int) -> None:
        if self.asked.is_set():
            sys.stdout.flush()
            # No clean-up: it may be what hangs.
            os._exit(128 + number)
        self.asked.set()
        self.on_first()
