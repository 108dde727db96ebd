"""Writes answers to one client's connection, no faster than the client takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Literal

from lockgate.surfaces.answer_head import answer_head
from lockgate.surfaces.pulse import Pulse
from lockgate.surfaces.replies import Streamed, Whole

_JOINED = 64 * 1024
"""Bytes of a body up to which it is cheaper to copy it behind its head than to write twice."""

Next = Literal["", "connection: close\r\n", "connection: keep-alive\r\n"]
"""What a head says of the connection; nothing where HTTP/1.1 goes on."""


class AnswerWriter:
    """`constant` are the fields that stand in every head."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        """Of a stream, until it leaves."""
        self.room: asyncio.Event | None = None
        """To be waited for, while the client does not keep up."""

    def pause(self) -> None:
        """The client does not keep up."""
        self.room = asyncio.Event()

    def resume(self) -> None:
        """The client has caught up."""
        if self.room is not None:
            self.room.set()
            self.room = None

    def whole(self, answer: Whole, constant: str, connection: Next, bodiless: bool = False) -> None:
        """A complete answer; `bodiless` says its length all the same, as for HEAD. Nothing else may follow before there
        is `room`."""
        body = answer.body
        head = answer_head(answer.status, answer.headers, answer.content_type, constant, len(body), connection)
        if bodiless:
            self._transport.write(head)
        elif len(body) < _JOINED:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    async def stream(self, answer: Streamed, constant: str, connection: Next, pulse: Pulse, *, chunked: bool) -> None:
        """An answer in pieces; where the client knows no chunks, the end of the connection is its end. The head leaves
        with the first piece where that is there, and the end with the last."""
        framing = f"{connection}transfer-encoding: chunked\r\n" if chunked else connection
        try:
            self._head = answer_head(answer.status, answer.headers, answer.content_type, constant, None, framing)
            self._loop.call_soon(self._begin)
            ping = _chunk(answer.ping) if chunked and answer.ping else answer.ping
            with pulse.over(self._ping, ping) as beat:

                def write(piece: bytes) -> Awaitable[None] | None:
                    told = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
                    if self._head:
                        told, self._head = self._head + told, b""
                    self._transport.write(told)
                    beat.silence = 0
                    return None if self.room is None else beat.over(self.room.wait())

                last = await answer.tell(write)
            if chunked:
                last = (_chunk(last) if last else b"") + b"0\r\n\r\n"
            self._transport.write(self._head + last)
            self._head = b""
            if self.room is not None:
                await self.room.wait()
        finally:
            self._head = b""
            await answer.close()

    def _begin(self) -> None:
        """No piece has come with which the head could leave."""
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    async def _ping(self, data: bytes) -> None:
        self._transport.write(data)
        if self.room is not None:
            await self.room.wait()


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
