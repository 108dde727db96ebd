"""One HTTP/1.1 connection to an upstream, on asyncio.Protocol over httptools (llhttp): bounded both ways."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Any, Self, cast

import httptools
from msgspec import Struct

from lockgate_ports.errors import UpstreamError
from lockgate_ports.handing import Take
from lockgate_ports.http import Body
from lockgate_ports.refusals import over_limit

_HEAD_LIMIT = 64 * 1024
"""Bytes of a head; one that has not ended within twice as many never will."""
_FIELDS_LIMIT = 200
_HIGH, _LOW = 64 * 1024, 16 * 1024
"""Bytes of an answer that nobody has read; the loop may bring 256 KB more at once."""
_JOINED = 64 * 1024
"""Bytes of a body up to which it is cheaper to copy it behind its head than to write twice."""
_INFLATE_STEP = 256 * 1024
_NAMES: dict[bytes, str] = {}
"""Names of fields in lower case, by how they came: providers send the same with each answer."""
_NAMES_KEPT, _NAME = 1000, 64
"""How many are remembered, and how many bytes one may have."""


class LeanConnection(asyncio.Protocol):
    """Carries one request at a time. `released` is called with it when an answer was read to its end and the
    connection may carry another, `closed` when it is gone."""

    def __init__(
        self, released: Callable[["LeanConnection"], None], closed: Callable[["LeanConnection"], None]
    ) -> None:
        self._released = released
        self._closed = closed
        self._transport: asyncio.Transport | None = None
        self._answer: LeanResponse | None = None
        self._head: asyncio.Future[LeanResponse] | None = None
        self._fields: dict[str, str] = {}
        self._head_size = 0
        self.paused = False
        """The upstream is held back."""
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append
        """What the parser calls for each piece of a body: a chunk of a stream is worth no call of ours."""
        self.loop = asyncio.get_running_loop()
        """Asking for it costs a system call in Python 3.11."""
        self.lost = False
        """It cannot carry another request."""
        self.idle_since = 0.0
        self._parser = httptools.HttpResponseParser(self)

    def send(self, head: bytes, body: Body) -> "asyncio.Future[LeanResponse]":
        """Writes a request; the future is done when the head of its answer is there. It fails with UpstreamError."""
        self._head = self.loop.create_future()
        transport = self._transport
        if transport is None or self.lost:
            self._fail(_closed())
        elif isinstance(body, bytes) and len(body) < _JOINED:
            transport.write(head + body)
        else:
            transport.write(head)
            for piece in (body,) if isinstance(body, bytes) else body.pieces:
                transport.write(piece)
        return self._head

    def abort(self) -> None:
        """Drops the connection at once."""
        self.lost = True
        if self._transport is not None:
            self._transport.abort()

    def flow(self, buffered: int) -> None:
        """Holds the upstream back while more is buffered than is being read."""
        if self._transport is None or self.lost:
            return
        if buffered > _HIGH and not self.paused:
            self.paused = True
            self._transport.pause_reading()
        elif buffered < _LOW and self.paused:
            self.paused = False
            self._transport.resume_reading()

    def done(self, answer: "LeanResponse") -> None:
        """`answer` has been read to its end."""
        if answer is self._answer:
            self._answer = None
            if self.paused:
                self.flow(0)
            if self.lost:
                self.abort()
            else:
                self._released(self)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; any outside of one make the connection useless."""
        if self._head is not None:
            self._head_size += len(data)
        elif self._answer is None or self._answer.complete:
            self.abort()
            return
        sound = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            sound = False
        if (self._fields and _is_too_much(self._fields)) or self._head_size > 2 * _HEAD_LIMIT:
            sound = False  # a head that does not end, or what trails a body
        if not sound:
            self.abort()
        if (answer := self._answer) is not None:
            if self._pieces:
                answer.add(self._pieces)
                self._pieces.clear()
            if answer.complete and answer.awaited is not None:
                answer.end(None)
        if not sound:
            self._fail(UpstreamError("did not answer in HTTP/1.1 that can be read", kind="transient"))

    def eof_received(self) -> bool:
        """The upstream says no more; whether that ends the answer is settled in `connection_lost`."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: the end of an answer that said no length, else a cut."""
        self.lost = True
        self._closed(self)
        answer = self._answer
        if exc is None and answer is not None and answer.until_close and not answer.complete:
            answer.end(None)
        else:
            self._fail(_closed())

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head; or one that trails a chunked body, which says nothing here."""
        self._fields[_NAMES.get(name) or _lower(name)] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is there; interim answers (1xx) are passed over."""
        fields, self._fields = self._fields, {}
        if (self._head_size > _HEAD_LIMIT or len(fields) > _FIELDS_LIMIT) and _is_too_much(fields):
            raise _TooMuch
        self._head_size = 0
        status = self._parser.get_status_code()
        if status < 200:
            return
        head, self._head = self._head, None
        if head is None:
            raise _Unasked
        if status >= 400:
            # RFC 9110, 6.6.1: who receives an answer without a date notes its own; `retry-after` may count from it.
            fields.setdefault("date", formatdate(usegmt=True))
        self._answer = answer = LeanResponse(self, status, fields)
        if not head.done():
            head.set_result(answer)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was an interim one."""
        if self._answer is not None:
            if not self._parser.should_keep_alive():
                self.lost = True
            self._fields.clear()
            self._answer.complete = True

    def _fail(self, error: UpstreamError) -> None:
        head, self._head = self._head, None
        if head is not None and not head.done():
            head.set_exception(error)
        if self._answer is not None and not self._answer.complete:
            self._answer.end(UpstreamError("the answer was cut short or is corrupt", kind="transient"))


class LeanResponse(Struct, eq=False):
    """An HttpResponse. Names of header fields are in lower case. A Struct, since one is made for each answer; its repr
    tells the status alone."""

    _connection: LeanConnection
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
        if size > _HIGH:
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


class _TooMuch(Exception):
    """A head longer than any provider's."""


class _Unasked(Exception):
    """An answer that nobody asked for."""


def _lower(name: bytes) -> str:
    lower = name.decode("latin-1").lower()
    if len(name) <= _NAME and len(_NAMES) < _NAMES_KEPT:
        _NAMES[name] = lower
    return lower


def _is_too_much(fields: Mapping[str, str]) -> bool:
    return len(fields) > _FIELDS_LIMIT or sum(map(len, fields)) + sum(map(len, fields.values())) > _HEAD_LIMIT


def _fail(waiting: "asyncio.Future[bytes]", error: Exception) -> None:
    waiting.set_exception(error)
    waiting.exception()  # is known, should nobody wait any more


def _closed() -> UpstreamError:
    return UpstreamError("closed the connection without an answer", kind="transient")
