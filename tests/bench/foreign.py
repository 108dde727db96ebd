"""How much of a core went to others: what the figures of a busy machine are to be judged by."""

from collections.abc import Callable

import psutil


class Foreign:
    """Watches one core from its making on, or the whole machine where nothing is pinned."""

    def __init__(self, core: int | None, own: Callable[[], float]) -> None:
        self._core = core
        self._own = own
        self._began = self._busy(), own()

    def share(self) -> float:
        """The part of the time, 0 to 1, in which neither the core was idle nor `own` CPU time was used."""
        (busy, total), own = self._busy(), self._own()
        (busy_before, total_before), own_before = self._began
        return max(0.0, busy - busy_before - (own - own_before)) / max(0.01, total - total_before)

    def _busy(self) -> tuple[float, float]:
        times = psutil.cpu_times() if self._core is None else psutil.cpu_times(percpu=True)[self._core]
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        return total - times.idle - getattr(times, "iowait", 0.0), total
