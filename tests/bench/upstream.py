"""The mock provider: `python upstream.py PORT`. As little work as possible, so that it disturbs little."""

import asyncio
import re
import sys
from typing import cast

from loops import run
from talk import APART, answer, stream

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ANSWER = answer()
_PIECES = stream()
_STREAM = b"".join(_PIECES)


class Upstream(asyncio.Protocol):
    """One connection: answers each request as soon as all of it is there."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head = self._got.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._got, 0, head)
        if length is None or len(self._got) < head + 4 + int(length[1]):
            return
        asked, self._got = self._got, b""
        if b'"stream":true' not in asked:
            self._transport.write(_ANSWER)
        elif b'"paced"' in asked:
            self._pace(0)
        else:
            self._transport.write(_STREAM)

    def _pace(self, number: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(_PIECES[number])
        if number + 1 < len(_PIECES):
            asyncio.get_running_loop().call_later(APART, self._pace, number + 1)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    run(serve(int(sys.argv[1])))
