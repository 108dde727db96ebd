"""One client's connection: requests in, answers out in their order, and an end to whoever leaves or dawdles."""

import asyncio
import logging
import traceback
from collections import deque
from typing import cast

from lockgate.surfaces.answer_head import constant_fields
from lockgate.surfaces.answer_writer import AnswerWriter, Next
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.exchange import Exchange
from lockgate.surfaces.pulse import Pulse
from lockgate.surfaces.replies import Door, Whole, write_plain_error
from lockgate.surfaces.request_reader import RequestReader
from lockgate_ports.errors import CallerError

_log = logging.getLogger("lockgate.server")

_AHEAD = 100
"""Requests that a client may send before the first of them is answered."""
_UNREAD = 64 * 1024
_UNSENT_FOR = 60.0
"""Seconds that a client may take nothing of what is there for it."""
_LINGER = 1.0
"""Seconds that bytes nobody reads are let come, so that the answer before the end of a connection is not lost."""


class Service:
    """What all connections of a server share."""

    def __init__(self, door: Door, bounds: Bounds) -> None:
        self.door = door
        self.bounds = bounds
        self.pulse = Pulse(bounds.ping_interval)
        self.loop = asyncio.get_running_loop()
        self.open: set[Connection] = set()
        self.empty = asyncio.Event()
        """Whether no connection is open."""
        self.empty.set()
        self.constant = constant_fields()
        """What stands in every head."""
        self.draining = False
        """No request is taken after those that are here."""

    def rebound(self, bounds: Bounds) -> None:
        """Connections from now on, and streams, have these bounds."""
        self.bounds = bounds
        self.pulse = Pulse(bounds.ping_interval)

    def joined(self, connection: "Connection") -> None:
        """A connection is there."""
        self.open.add(connection)
        self.empty.clear()

    def left(self, connection: "Connection") -> None:
        """A connection is gone."""
        self.open.discard(connection)
        if not self.open:
            self.empty.set()


class Connection(asyncio.Protocol):
    """Requests are answered one after the other, by one task from the first of them to the end of the connection: to
    wake it costs half of making one for each. So context variables that a step sets last as long, if it does not reset
    them."""

    _transport: asyncio.Transport
    _writer: AnswerWriter

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reader: RequestReader | None = RequestReader(service.bounds, self._begin, self._want)
        self._waiting: deque[Exchange] = deque()
        self._refusal: CallerError | None = None
        self._held_back = False
        self._unsent = 0
        self._since = service.loop.time()
        """When the last request was answered, the next head was first seen to be begun, or the client last took
        something of what is unsent."""
        self._idle = False
        """Requests were answered, and nothing has come of another one."""
        self._lingering = False
        self._task: asyncio.Task[None] | None = None
        """Answers; None before the first request, and done when no other is answered."""
        self._wake: asyncio.Future[None] | None = None
        """What the task waits for while there is nothing to answer."""

    def drain(self) -> None:
        """Ends the connection when nothing is being answered on it."""
        if self._rests:
            self._transport.close()

    def abort(self) -> asyncio.Task[None] | None:
        """Ends the connection, and what is being answered on it: that is done when the task is that is returned."""
        self._transport.abort()
        return self._task

    def watch(self, now: float) -> None:
        """Drops a client that has been waited for long enough. To be called every second or so."""
        transport = self._transport
        if unsent := transport.get_write_buffer_size():
            if unsent != self._unsent:
                self._since = now
            elif now - self._since > _UNSENT_FOR:
                transport.abort()
        elif self._rests:
            if self._idle and self._reader is not None and self._reader.begun:
                self._idle, self._since = False, now
            bounds = self._service.bounds
            patience = bounds.idle_timeout if self._idle else bounds.header_timeout
            if now - self._since > (_LINGER if self._lingering else patience):
                transport.abort()
        self._unsent = unsent

    @property
    def _rests(self) -> bool:
        """Nothing is being answered."""
        return self._task is None or self._wake is not None or self._task.done()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is here."""
        self._transport = cast(asyncio.Transport, transport)
        self._writer = AnswerWriter(self._transport, self._service.loop)
        self._service.joined(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        reader = self._reader
        if reader is None or self._refusal is not None or self._lingering:
            return
        try:
            reader.feed(data)
        except CallerError as error:
            self._refuse(error, reader)
            return
        exchange = reader.exchange
        if exchange is not None and exchange.unread > _UNREAD and not self._held_back:
            self._held_back = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The client has left: nobody waits for what is being answered."""
        if not self._rests:
            self._transport.abort()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._service.left(self)
        # Parser and reader hold each other: without this the collector would have to find them.
        self._reader = None
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._writer.pause()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writer.resume()

    # Requests.

    def _begin(self, exchange: Exchange) -> None:
        self._waiting.append(exchange)
        if self._wake is not None or self._task is None:
            self._answer()
        elif len(self._waiting) > _AHEAD:
            self._transport.abort()

    def _want(self, exchange: Exchange) -> None:
        if exchange.expects:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._listen()

    def _listen(self) -> None:
        if self._held_back and not self._transport.is_closing():
            self._held_back = False
            self._transport.resume_reading()

    def _refuse(self, error: CallerError, reader: RequestReader) -> None:
        """What follows is no HTTP; what came before it is answered first."""
        self._refusal = error
        if reader.exchange is not None:
            reader.exchange.end(error)
            if self._rests:
                self._leave()
        elif self._rests:
            self._answer()

    # Answers.

    def _answer(self) -> None:
        wake = self._wake
        if wake is None:
            self._task = asyncio.Task(self._serve(), loop=self._service.loop, name="lockgate-connection")
        else:
            self._wake = None
            if not wake.done():
                wake.set_result(None)

    async def _serve(self) -> None:
        service, writer = self._service, self._writer
        try:
            while True:
                while self._waiting:
                    exchange = self._waiting.popleft()
                    answer = await service.door.handle(exchange.head, exchange.read)
                    keep = exchange.keep_alive and (exchange.complete or exchange.dismiss())
                    if keep and service.draining:
                        keep = bool(self._waiting)
                    modern = exchange.modern
                    then: Next = "connection: close\r\n"
                    if isinstance(answer, Whole):
                        if keep:
                            then = "" if modern else "connection: keep-alive\r\n"
                        writer.whole(answer, service.constant, then, exchange.head.method == "HEAD")
                        if writer.room is not None:
                            await writer.room.wait()
                    else:
                        keep = keep and modern
                        if keep:
                            then = ""
                        await writer.stream(answer, service.constant, then, service.pulse, chunked=modern)
                    if not keep:
                        self._leave()
                        return
                    del exchange, answer  # a large body is not kept until the next request
                if self._refusal is not None:
                    told = write_plain_error(self._refusal, "")
                    writer.whole(Whole(told.status, told.body), service.constant, "connection: close\r\n")
                    self._leave()
                    return
                self._since = service.loop.time()
                self._idle = True
                if service.draining:
                    self._transport.close()
                self._wake = service.loop.create_future()
                await self._wake
        except asyncio.CancelledError:
            self._transport.abort()  # nobody is left who would answer
            raise
        except Exception as error:  # noqa: BLE001 - the client must not take what it has for the whole answer
            frames = "".join(traceback.format_tb(error.__traceback__))
            _log.error("internal error: %s\n%s", type(error).__qualname__, frames)
            self._transport.abort()

    def _leave(self) -> None:
        """No other request is answered. What the client may still be sending is let come for a moment: an end in its
        midst would take the answer along."""
        self._since = self._service.loop.time()
        reader = self._reader
        if self._refusal is None and (reader is None or reader.exchange is None):
            self._transport.close()
        elif not self._transport.is_closing():
            self._lingering = True
            self._transport.write_eof()
            self._listen()
