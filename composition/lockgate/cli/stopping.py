"""SIGTERM and SIGINT: the first asks the server to stop, the second ends the process."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence


class Stopping:
    """Takes the signals from now on. `on_first` is what the first one calls; it may be set anew. `on_second` is called
    before the second ends the process."""

    def __init__(
        self,
        on_first: Callable[[], object],
        on_second: Callable[[], object] | None = None,
        signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM),
    ) -> None:
        self.on_first = on_first
        self._on_second = on_second
        self.asked = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in signals:
            try:
                loop.add_signal_handler(number, self._take, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda which, _: loop.call_soon_threadsafe(self._take, which))

    def _take(self, number: int) -> None:
        if self.asked.is_set():
            if self._on_second is not None:
                self._on_second()
            sys.stdout.flush()
            # No clean-up: it may be what hangs.
            os._exit(128 + number)
        self.stop()

    def stop(self) -> None:
        """As the first signal does; nothing where it has come."""
        if not self.asked.is_set():
            self.asked.set()
            self.on_first()
