"""Prints the microseconds of CPU that one embedded call costs besides its HttpPort, which answers from memory."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import process_time

from deployment import ENV, MODEL, settings
from loops import run
from talk import answer

from lockgate import ChatRequest, open_gateway, user
from lockgate_ports.http import HttpRequest, Origin

_REQUEST = HttpRequest("POST", Origin("http", "127.0.0.1", 9), "/v1/chat/completions", (), b"{}")
_BODY = answer().partition(b"\r\n\r\n")[2]


class FakeResponse:
    """The mock's answer, from memory."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "application/json", "x-request-id": "req_1"}

    async def read(self, limit: int) -> bytes:
        return _BODY

    async def chunks(self) -> AsyncIterator[bytes]:
        yield _BODY

    def abort(self) -> None:
        """Nothing is open."""


class FakeHttp:
    """An HttpPort that answers at once."""

    async def send(self, request: HttpRequest) -> FakeResponse:
        return FakeResponse()

    async def aclose(self) -> None:
        """Nothing is open."""


async def measure(seconds: float) -> float:
    request = ChatRequest(model=MODEL, messages=(user("What does a gateway do with a request?"),), max_tokens=256)
    async with open_gateway(settings(9), env=ENV) as gateway:
        http = FakeHttp()
        # There is no setting for it: a gateway's HttpPort is the one way out.
        gateway.providers["mock-000"].port._reach._http = http

        async def bare() -> None:
            await (await http.send(_REQUEST)).read(1_000_000)

        whole = await _cost(lambda: gateway.chat(request), seconds)
        return whole - await _cost(bare, seconds / 4)


async def _cost(call: Callable[[], Awaitable[object]], seconds: float) -> float:
    for _ in range(500):
        await call()
    calls, began = 0, process_time()
    while process_time() - began < seconds:
        for _ in range(200):
            await call()
        calls += 200
        await asyncio.sleep(0)
    return (process_time() - began) / calls * 1e6


if __name__ == "__main__":
    print(run(measure(float(sys.argv[1]))))
