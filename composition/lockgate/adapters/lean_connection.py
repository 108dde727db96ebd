"""One HTTP/1.1 connection to an upstream, on asyncio.Protocol over httptools (llhttp): bounded both ways."""

import asyncio
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import cast

import httptools

from lockgate.adapters.lean_response import MUCH, LeanResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import Body

_HEAD_LIMIT = 64 * 1024
"""Bytes of a head; one that has not ended within twice as many never will."""
_FIELDS_LIMIT = 200
_LITTLE = 16 * 1024
"""Bytes of an answer that nobody has read, below which more may come."""
_JOINED = 64 * 1024
"""Bytes of a body up to which it is cheaper to copy it behind its head than to write twice."""
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
        if buffered > MUCH and not self.paused:
            self.paused = True
            self._transport.pause_reading()
        elif buffered < _LITTLE and self.paused:
            self.paused = False
            self._transport.resume_reading()

    def done(self, answer: LeanResponse) -> None:
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


def _closed() -> UpstreamError:
    return UpstreamError("closed the connection without an answer", kind="transient")
