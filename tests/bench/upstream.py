"""The mock provider: `python upstream.py PORT`. As little work as possible, so that it disturbs little.

The path says in which language it answers. What a client of OpenAI's language puts into `user` is a wish: `paced`
(5 ms between the pieces), `held` (no answer at all), `pieces-N` (so many of them), `status-N` (an error), `cut` (the
connection ends within the answer), `slow` (the answer comes after 50 ms).
"""

import asyncio
import re
import sys
from functools import cache
from typing import cast

from loops import run
from talk import APART, answer, repeated, stream
from tongues import claude, claude_stream, gemini, gemini_stream

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WISH = re.compile(rb'"user":"([a-z]+)(?:-(\d+))?"')
_ANSWER = answer()
_PIECES = stream()
_STREAM = b"".join(_PIECES)
_TRANSLATED = {
    (b"/messages", False): claude(),
    (b"/messages", True): claude_stream(),
    (b":generateContent", False): gemini(),
    (b":streamGenerateContent", True): gemini_stream(),
}
_SLOW = 0.05
"""Seconds."""


class Upstream(asyncio.Protocol):
    """One connection: answers each request as soon as all of it is there."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._head = b""
        self._body: list[bytes] = []
        self._left = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if not self._body:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            length = _LENGTH.search(self._head, 0, end + 2) if end >= 0 else None
            if length is None:
                return
            self._head, data = self._head[:end], self._head[end + 4 :]
            self._left = int(length[1])
        self._body.append(data)
        self._left -= len(data)
        if self._left <= 0:
            head, body = self._head, b"".join(self._body)
            self._head, self._body = b"", []
            self._answer(head[: head.find(b"\r\n")].removesuffix(b" HTTP/1.1"), body)

    def _answer(self, line: bytes, body: bytes) -> None:
        streamed = b'"stream":true' in body or b":streamGenerateContent" in line
        for (path, whole), told in _TRANSLATED.items():
            if path in line and whole == streamed:
                return self._write(told)
        wish = _WISH.search(body)
        if wish is None:
            return self._write(_STREAM if streamed else _ANSWER)
        return self._grant(wish[1].decode(), int(wish[2] or 0), streamed=streamed)

    def _grant(self, wish: str, number: int, *, streamed: bool) -> None:
        loop = asyncio.get_running_loop()
        if wish == "paced":
            self._pace(0)
        elif wish == "pieces":
            self._write(_so_many(number))
        elif wish == "status":
            self._write(b"HTTP/1.1 %d No\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nno" % number)
        elif wish == "cut":
            self._write((_STREAM if streamed else _ANSWER)[:700])
            self._transport.close()
        elif wish == "slow":
            loop.call_later(_SLOW, self._write, _STREAM if streamed else _ANSWER)
        elif wish != "held":
            self._write(_STREAM if streamed else _ANSWER)

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _pace(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_PIECES[number])
        if number + 1 < len(_PIECES):
            asyncio.get_running_loop().call_later(APART, self._pace, number + 1)


@cache
def _so_many(pieces: int) -> bytes:
    return b"".join(repeated(pieces))


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    run(serve(int(sys.argv[1])))
