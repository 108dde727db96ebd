"""What arrives in pieces is asked for, one after the other, or handed on as it comes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Take = Callable[[T], Awaitable[object] | None]
"""Takes a piece at once. What it returns, if anything, is to be awaited before it is given the next one."""


class Handing(Protocol[T_co]):
    """An AsyncIterator of pieces that hands them on where they arrive, so that nobody has to be woken for each."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    async def __anext__(self) -> T_co: ...

    async def hand(self, take: Take[T_co]) -> None:
        """All that are left. Raises what iterating raises, and what `take` raises."""
        ...


async def hand(pieces: AsyncIterator[T], take: Take[T]) -> None:
    """All that are left, in their order, and none before the one before it was taken. Raises what iterating raises,
    and what `take` raises."""
    if hasattr(pieces, "hand"):
        await cast("Handing[T]", pieces).hand(take)
        return
    async for piece in pieces:
        if (full := take(piece)) is not None:
            await full
