"""A gateway listening on loopback in front of scripted upstreams."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from lockgate import open_gateway
from lockgate.gateway import Gateway
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.listener import Listener

CANARY = "sk-canary-7f3c9a1e5b7d2c4f6a8b0c1d"
"""The upstream key of every test: it must show nowhere."""


def settings(url: str, **more: Any) -> dict[str, Any]:
    """One provider `up` of the kind openai-compatible and a route `fast` to its model `m`."""
    provider = {
        "kind": "openai-compatible",
        "base_url": url,
        "credential_ref": "env:UP_KEY",
        "private_addresses": ["127.0.0.0/8"],
    }
    base: dict[str, Any] = {
        "providers": {"up": provider},
        "routes": {"fast": {"targets": ["up/m"]}},
        "retry": {"base_delay": 0.01},
    }
    return base | more


class Served:
    """An open gateway, its address, and a client to ask it with."""

    def __init__(self, gateway: Gateway, listener: Listener, client: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self.listener = listener
        self.client = client
        self.url = f"http://127.0.0.1:{listener.port}"

    async def ask(self, body: Any = None, *, path: str = "/v1/chat/completions", **options: Any) -> "Told":
        """POSTs `body` (bytes as they are, else as JSON) and reads the whole answer."""
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        how = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.client.post(self.url + path, headers=headers, **how, **options) as response:
            return Told(response, await response.read())

    async def get(self, path: str, **options: Any) -> "Told":
        async with self.client.get(self.url + path, **options) as response:
            return Told(response, await response.read())


class Told:
    """What the client was told."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.body)

    @property
    def events(self) -> list[str]:
        """The data of each event."""
        return [
            block.removeprefix("data: ") for block in self.body.decode().split("\n\n") if block.startswith("data: ")
        ]


@asynccontextmanager
async def serving(
    config: Any, *, bounds: Bounds | None = None, env: dict[str, str] | None = None, **ports: Any
) -> AsyncIterator[Served]:
    variables = {"UP_KEY": CANARY, "CLIENT_KEY": "sk-client"} | (env or {})
    async with open_gateway(config, env=variables, **ports) as gateway:
        limits = bounds or Bounds(32 * 1024 * 1024, 15.0, 15.0)
        listener = Listener(gateway.front_door(), limits, "127.0.0.1", 0, 5.0)
        await listener.start()
        try:
            async with aiohttp.ClientSession() as client:
                yield Served(gateway, listener, client)
        finally:
            await listener.stop()
