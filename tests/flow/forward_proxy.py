"""A forward proxy on loopback: it takes CONNECT and plain requests, notes them, and connects where a table says.

It reads the first request of a connection alone: what follows goes on as it is.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`ways`: host:port as it is asked for -> the port on loopback that stands for it."""

    port: int = 0
    ways: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    shown: list[str | None] = field(default_factory=list)
    status: bytes = b"200 OK"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")
            method, where, _ = lines[0].split(" ", 2)
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
            self.shown.append(fields.get("proxy-authorization"))
            if method != "CONNECT":
                where = where.removeprefix("http://").partition("/")[0]
            self.asked.append(where)
            if self.status != b"200 OK":
                writer.write(b"HTTP/1.1 " + self.status + b"\r\ncontent-length: 0\r\n\r\n")
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.ways[where])
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                far_writer.write(head.replace(f"http://{where}", "", 1).encode("latin-1"))
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@asynccontextmanager
async def forward_proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
