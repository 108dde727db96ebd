"""One request on a connection of the server's own: its head, and its body as it arrives."""

import asyncio
from collections.abc import Callable
from io import BytesIO

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.head import Head
from lockgate_ports.errors import LockgateError

_SHORT = 64 * 1024
"""Bytes of an unread body that are let go by, so that its connection can serve the next request."""


class Exchange:
    """Made when a head is complete. `length` is the body's by its head, None where only its end will tell; `wanted` is
    called when somebody waits for the body."""

    __slots__ = (
        "_bounds",
        "_dismissed",
        "_first",
        "_rest",
        "_size",
        "_wake",
        "_wanted",
        "complete",
        "error",
        "expects",
        "head",
        "keep_alive",
        "length",
        "modern",
    )

    def __init__(
        self,
        head: Head,
        bounds: Bounds,
        *,
        keep_alive: bool,
        modern: bool,
        expects: bool,
        length: int | None,
        wanted: Callable[["Exchange"], None],
    ) -> None:
        self._bounds = bounds
        self._wanted = wanted
        self._first = b""
        self._rest: BytesIO | None = None
        self._size = 0
        self._wake: asyncio.Future[None] | None = None
        self._dismissed = False
        self.head = head
        self.length = length
        self.keep_alive = keep_alive
        """The client can ask again on this connection."""
        self.modern = modern
        """The client speaks HTTP/1.1: it understands answers in chunks."""
        self.expects = expects
        """The client holds its body back until it hears `100 Continue`."""
        self.complete = False
        """All of the body has arrived."""
        self.error: LockgateError | None = None
        """Why the rest of the body will never arrive."""

    @property
    def unread(self) -> int:
        """Bytes that have arrived and that nobody waits for."""
        return 0 if self._wake is not None or self._dismissed else self._size

    def take(self, piece: bytes) -> None:
        """A piece of the body has arrived."""
        self._size += len(piece)
        if self._dismissed or self._size > self._bounds.max_body_bytes:
            self._first, self._rest = b"", None
        elif self._size == len(piece):
            self._first = piece
        else:
            if self._rest is None:
                # Unlike a list of pieces, it gives the whole without a second copy.
                self._rest = BytesIO()
                self._rest.write(self._first)
                self._first = b""
            self._rest.write(piece)
        if self._wake is not None:
            self._notify(self._wake)

    def end(self, error: LockgateError | None = None) -> None:
        """The body is complete, or will never be."""
        self.complete = error is None
        self.error = error
        if self._wake is not None:
            self._notify(self._wake)

    async def read(self) -> bytes:
        """The whole body, once. Raises TooLarge as soon as it is, TooSlow, or InvalidRequest."""
        limit = self._bounds.max_body_bytes
        if (self.length or 0) > limit:
            raise self._bounds.too_large()
        if not self.complete:
            await self._arrival()
        if self._size > limit:
            raise self._bounds.too_large()
        if self.error is not None:
            raise self.error
        return self._first if self._rest is None else self._rest.getvalue()

    def dismiss(self) -> bool:
        """The answer is there, and the rest of the body of no use. True where it may go by before the next request;
        else the connection has to end."""
        if self.complete:
            return True
        self._dismissed = self.error is None and not self.expects and 0 < (self.length or 0) <= _SHORT
        return self._dismissed

    async def _arrival(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        bounds = self._bounds
        self._wake = loop.create_future()
        self._wanted(self)
        try:
            async with asyncio.timeout(bounds.body_timeout) as patience:
                while not self.complete and self.error is None and self._size <= bounds.max_body_bytes:
                    if self._wake.done():
                        self._wake = loop.create_future()
                    await self._wake
                    patience.reschedule(began + bounds.patience(self._size))
        except TimeoutError:
            raise bounds.too_slow() from None
        finally:
            self._wake = None

    def _notify(self, wake: "asyncio.Future[None]") -> None:
        if not wake.done():
            wake.set_result(None)
