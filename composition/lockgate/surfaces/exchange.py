"""One request on a connection of the server's own: its head, and its body as it arrives."""

import asyncio
from collections.abc import Awaitable, Callable
from io import BytesIO

from msgspec import Struct

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.head import Head
from lockgate_ports.errors import LockgateError

_SHORT = 64 * 1024
"""Bytes of an unread body that are let go by, so that its connection can serve the next request."""


class Exchange(Struct, eq=False):
    """Made when a head is complete; a Struct, since one is made a call. `wanted` is called when somebody waits for the
    body."""

    head: Head
    bounds: Bounds
    wanted: Callable[["Exchange"], None]
    keep_alive: bool
    """The client can ask again on this connection."""
    modern: bool
    """The client speaks HTTP/1.1: it understands answers in chunks."""
    complete: bool = False
    """All of the body has arrived."""
    error: LockgateError | None = None
    """Why the rest of the body will never arrive."""
    _first: bytes = b""
    _rest: BytesIO | None = None
    _size: int = 0
    _wake: asyncio.Future[None] | None = None
    _dismissed: bool = False

    @property
    def length(self) -> int | None:
        """The body's by its head; None where only its end will tell."""
        headers = self.head.headers
        return None if "transfer-encoding" in headers else int(headers.get("content-length", 0))

    @property
    def expects(self) -> bool:
        """The client holds its body back until it hears `100 Continue`."""
        return self.modern and self.head.headers.get("expect", "").lower() == "100-continue"

    @property
    def unread(self) -> int:
        """Bytes that have arrived and that nobody waits for."""
        return 0 if self._wake is not None or self._dismissed else self._size

    def take(self, piece: bytes) -> None:
        """A piece of the body has arrived."""
        if not self._size:
            self._first = piece
            self._size = len(piece)
        else:
            self._add(piece)
        if self._wake is not None:
            self._notify(self._wake)

    def end(self, error: LockgateError | None = None) -> None:
        """The body is complete, or will never be."""
        if error is None:
            self.complete = True
        else:
            self.error = error
        if self._wake is not None:
            self._notify(self._wake)

    def read(self) -> bytes | Awaitable[bytes]:
        """The whole body, once: at once where it is there. Raises TooLarge as soon as it is, TooSlow, or
        InvalidRequest."""
        if not self.complete:
            return self._arrival()
        if self._size > self.bounds.max_body_bytes:
            raise self.bounds.too_large()
        return self._first if self._rest is None else self._rest.getvalue()

    def dismiss(self) -> bool:
        """The answer is there before all of the body, the rest of which is of no use. True where that may go by before
        the next request; else the connection has to end."""
        self._dismissed = self.error is None and not self.expects and 0 < (self.length or 0) <= _SHORT
        return self._dismissed

    def _add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._dismissed or self._size > self.bounds.max_body_bytes:
            self._first, self._rest = b"", None
            return
        if self._rest is None:
            # Unlike a list of pieces, it gives the whole without a second copy.
            self._rest = BytesIO()
            self._rest.write(self._first)
            self._first = b""
        self._rest.write(piece)

    async def _arrival(self) -> bytes:
        bounds = self.bounds
        if (self.length or 0) > bounds.max_body_bytes:
            raise bounds.too_large()
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._wake = loop.create_future()
        self.wanted(self)
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
        if self._size > bounds.max_body_bytes:
            raise bounds.too_large()
        if self.error is not None:
            raise self.error
        return self._first if self._rest is None else self._rest.getvalue()

    def _notify(self, wake: "asyncio.Future[None]") -> None:
        if not wake.done():
            wake.set_result(None)
