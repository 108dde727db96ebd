"""Prints the microseconds of CPU that one embedded call costs over an HttpPort that answers at once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from time import process_time

from deployment import ENV, MODEL, settings
from loops import run
from talk import answer

from lockgate import ChatRequest, open_gateway, user
from lockgate_ports.http import HttpRequest

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
        (provider,) = gateway.providers.values()
        # There is no setting for it: a gateway's HttpPort is the one way out.
        provider.port._http = FakeHttp()
        for _ in range(500):
            await gateway.chat(request)
        calls, began = 0, process_time()
        while process_time() - began < seconds:
            for _ in range(200):
                await gateway.chat(request)
            calls += 200
            await asyncio.sleep(0)
        return (process_time() - began) / calls * 1e6


if __name__ == "__main__":
    print(run(measure(float(sys.argv[1]))))
