"""A tap between a client and the gateway: hands everything on, and keeps what went each way."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from msgspec import Struct


class Exchange(Struct):
    """One call: what came in at this place, and what was answered there."""

    target: str
    headers: dict[str, str]
    body: bytes
    answer: bytes = b""


class Tap:
    """In front of `url`."""

    def __init__(self, url: str, client: aiohttp.ClientSession) -> None:
        self._behind = url
        self._client = client
        self.exchanges: list[Exchange] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        exchange = Exchange(request.path_qs, headers, await request.read())
        self.exchanges.append(exchange)
        sent = {name: value for name, value in headers.items() if name not in ("host", "content-length", "connection")}
        url = self._behind + request.path_qs
        async with self._client.request(request.method, url, headers=sent, data=exchange.body) as answer:
            told = web.StreamResponse(status=answer.status, headers={"content-type": answer.headers["content-type"]})
            await told.prepare(request)
            async for piece in answer.content.iter_any():
                exchange.answer += piece
                await told.write(piece)
            return told


@asynccontextmanager
async def tap(url: str) -> AsyncIterator[Tap]:
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        made = Tap(url, client)
        app = web.Application(client_max_size=1 << 25)
        app.router.add_route("*", "/{path:.*}", made.serve)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await runner.cleanup()
