"""Time, as the engine is handed it."""

from contextlib import AbstractContextManager
from typing import Protocol


class Clock(Protocol):
    """Seconds, monotonic. Production hands in the event loop's; tests hand in one that they move by hand."""

    def now(self) -> float:
        """Seconds since some moment in the past."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def timeout(self, seconds: float) -> AbstractContextManager[object]:
        """A block that is left with TimeoutError when it takes longer."""
        ...
