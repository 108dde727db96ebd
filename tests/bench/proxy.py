"""The yardstick, a bare proxy: aiohttp's server and client, bytes through. `python proxy.py PORT UPSTREAM_PORT`."""

import asyncio
import sys

import aiohttp
from aiohttp import web
from loops import run


async def serve(port: int, upstream: int) -> None:
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{upstream}",
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
    ) as session:

        async def forward(request: web.BaseRequest) -> web.StreamResponse:
            body = await request.read()
            headers = {"content-type": request.headers["content-type"]}
            async with session.post(request.path, data=body, headers=headers) as told:
                kind = {"content-type": told.headers["content-type"]}
                if "content-length" in told.headers:
                    return web.Response(status=told.status, body=await told.read(), headers=kind)
                response = web.StreamResponse(status=told.status, headers=kind)
                await response.prepare(request)
                async for data in told.content.iter_any():
                    await response.write(data)
                await response.write_eof()
                return response

        runner = web.ServerRunner(web.Server(forward, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    run(serve(int(sys.argv[1]), int(sys.argv[2])))
