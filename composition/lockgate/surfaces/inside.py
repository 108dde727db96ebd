"""What calls are in, which must stay open until the last of them has ended."""

from collections.abc import Awaitable, Callable
from typing import Protocol


class Inside(Protocol):
    """What must stay open while calls are in it."""

    def enter(self) -> None:
        """A call begins."""
        ...

    def leave(self) -> None:
        """A call has ended, its stream included."""
        ...


class Parting:
    """Closes a stream, and leaves what it was in, once."""

    __slots__ = ("_close", "_inside")

    def __init__(self, close: Callable[[], Awaitable[None]], inside: Inside) -> None:
        self._close = close
        self._inside: Inside | None = inside

    async def __call__(self) -> None:
        """To be awaited when nobody reads on; again does no harm."""
        try:
            await self._close()
        finally:
            if self._inside is not None:
                self._inside.leave()
                self._inside = None
