"""Time, as the engine is handed it."""

from types import TracebackType
from typing import Protocol


class Patience(Protocol):
    """A block that is left with TimeoutError when it is not over by `due`. One waiter may enter it again and again."""

    due: float
    """On the clock; may be moved, and while somebody waits, put off."""

    def until(self, due: float) -> None:
        """Moves `due`, also nearer while somebody waits."""
        ...

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None, /
    ) -> bool | None: ...


class Clock(Protocol):
    """Seconds, monotonic. Production hands in the event loop's; tests hand in one that they move by hand."""

    def now(self) -> float:
        """Seconds since some moment in the past."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def timeout(self, seconds: float) -> Patience:
        """A block that is left with TimeoutError when it takes longer, counted from now."""
        ...
