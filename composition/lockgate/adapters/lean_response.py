"""One answer that a LeanConnection carries: its head, and its body as it arrives."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from typing import Any, Protocol, Self

from msgspec import Struct

from lockgate_ports.errors import UpstreamError
from lockgate_ports.handing import Take
from lockgate_ports.refusals import over_limit

MUCH = 64 * 1024
"""Bytes that nobody has read, above which no more is to come; the loop may bring 256 KB more at once."""
_INFLATE_STEP = 256 * 1024


class Carrier(Protocol):
    """What an answer asks of its connection."""

    loop: asyncio.AbstractEventLoop
    paused: bool

    def flow(self, buffered: int) -> None:
        """Holds the upstream back while more is buffered than is being read."""
        ...

    def done(self, answer: "LeanResponse") -> None:
        """`answer` has been read to its end."""
        ...

    def abort(self) -> None:
        """Drops the connection at once."""
        ...


class LeanResponse(Struct, eq=False):
    """An HttpResponse. Names of header fields are in lower case. A Struct, since one is made for each answer; its repr
    tells the status alone."""

    _connection: Carrier
    status: int
    headers: Mapping[str, str]
    complete: bool = False
    """All of the body has arrived, or will never."""
    _pieces: list[bytes] = []
    _buffered: int = 0
    _error: UpstreamError | None = None
    awaited: asyncio.Future[bytes] | None = None
    """The next piece, where somebody waits for it."""
    _take: Take[bytes] | None = None
    """Takes what arrives meanwhile."""
    _full: Awaitable[object] | None = None
    """What is to be awaited before it takes more."""
    _read: bool = False

    def __repr__(self) -> str:
        return f"LeanResponse({self.status})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("status", self.status)]

    @property
    def until_close(self) -> bool:
        """The end of the connection is that of the body: no length was said."""
        return "content-length" not in self.headers and "chunked" not in self.headers.get("transfer-encoding", "")

    def add(self, pieces: Sequence[bytes]) -> None:
        """Takes pieces of the body from the connection."""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        size = self._buffered + len(data)
        waiting = self.awaited
        if waiting is None or waiting.done():
            self._pieces.append(data)
            self._buffered = size
        elif self._take is None:
            self.awaited = None
            waiting.set_result(data)
        else:
            try:
                if (full := self._take(data)) is not None:
                    self.awaited, self._full = None, full
                    waiting.set_result(b"")
            except Exception as error:  # noqa: BLE001  whoever waits is told
                self.awaited = None
                _fail(waiting, error)
            return
        if size > MUCH:
            self._connection.flow(size)

    def end(self, error: UpstreamError | None) -> None:
        """No more will come."""
        self.complete = True
        self._error = error
        waiting, self.awaited = self.awaited, None
        if waiting is not None and not waiting.done():
            self._settle(waiting)

    async def read(self, limit: int) -> bytes:
        """The whole body, unpacked. Raises UpstreamError."""
        if self.complete and self._error is None and self._buffered <= limit and "content-encoding" not in self.headers:
            # It came with its head, as most do.
            self._read = True
            self._connection.done(self)
            return b"".join(self._pieces)
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                self.abort()
                raise over_limit(limit)
            parts.append(chunk)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives, unpacked. Raises UpstreamError."""
        return self if self._plain else self._unpacked()

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> "asyncio.Future[bytes]":
        connection = self._connection
        if connection.paused:
            # Not before: whoever has not taken the last piece yet needs no more.
            connection.flow(self._buffered)
        waiting: asyncio.Future[bytes] = connection.loop.create_future()
        if self._pieces:
            waiting.set_result(self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces))
            self._pieces, self._buffered = [], 0
        elif self.complete:
            self._settle(waiting)
        else:
            self.awaited = waiting
        return waiting

    def abort(self) -> None:
        """Drops the connection, unless all of the body was read."""
        if not self._read:
            self._connection.abort()

    @property
    def _plain(self) -> bool:
        return self.headers.get("content-encoding", "identity").lower() == "identity"

    async def _unpacked(self) -> AsyncIterator[bytes]:
        coding = self.headers["content-encoding"].lower()
        if coding not in ("gzip", "x-gzip", "deflate"):
            self.abort()
            raise UpstreamError(f"the answer is packed as {coding[:40]!r}, which was not asked for", kind="transient")
        unpacker = zlib.decompressobj(wbits=31 if coding != "deflate" else 15)
        try:
            async for piece in self:
                packed = piece
                while packed:
                    yield unpacker.decompress(packed, _INFLATE_STEP)
                    packed = unpacker.unconsumed_tail
        except zlib.error:
            raise UpstreamError("the answer was cut short or is corrupt", kind="transient") from None
        if not unpacker.eof:
            raise UpstreamError("the answer was cut short or is corrupt", kind="transient")

    async def hand(self, take: Take[bytes]) -> None:
        """All that is left of the body, at once where it arrives. Raises UpstreamError, and what `take` raises."""
        try:
            self._take = take
            async for data in self:
                full = take(data) if data else self._full
                if full is not None:
                    self._take = self._full = None
                    await full
                    self._take = take
        finally:
            self._take = None

    def _settle(self, waiting: "asyncio.Future[bytes]") -> None:
        """All was taken that has come."""
        if self._error is None:
            self._read = True
            self._connection.done(self)
        _fail(waiting, self._error or StopAsyncIteration())


def _fail(waiting: "asyncio.Future[bytes]", error: Exception) -> None:
    waiting.set_exception(error)
    waiting.exception()  # is known, should nobody wait any more
