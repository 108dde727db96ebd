"""An ASGI service with the gateway under /llm and a page of its own beside it."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Any

from lockgate import SettingsError, open_gateway

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Service:
    """The gateway is open from the server's start-up to its shut-down."""

    def __init__(self, settings: str | None = None) -> None:
        self._settings = settings
        self._open = AsyncExitStack()
        self._llm: App | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._llm is not None and scope["path"].startswith("/llm/"):
            await self._llm({**scope, "root_path": scope.get("root_path", "") + "/llm"}, receive, send)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
            await send({"type": "http.response.body", "body": b"the service's own page\n"})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            gateway = await self._open.enter_async_context(open_gateway(self._settings))
        except SettingsError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        self._llm = gateway.asgi_app()
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await self._open.aclose()
        await send({"type": "lifespan.shutdown.complete"})


app = Service()
