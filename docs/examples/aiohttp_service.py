"""An aiohttp service with the gateway under /llm and a page of its own beside it."""

import asyncio
import sys

from aiohttp import web

from lockgate import open_gateway


async def page(request: web.Request) -> web.Response:
    return web.Response(text="the service's own page\n")


async def serve(settings: str | None, port: int, stop: asyncio.Event) -> None:
    async with open_gateway(settings) as gateway:
        service = web.Application()
        service.router.add_get("/", page)
        service.add_subapp("/llm", gateway.aiohttp_app())
        # With handler_cancellation, a client that leaves stops the provider's work.
        runner = web.AppRunner(service, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            await stop.wait()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1] if len(sys.argv) > 1 else None, 8090, asyncio.Event()))
