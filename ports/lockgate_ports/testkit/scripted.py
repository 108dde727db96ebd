"""A scripted upstream: an HttpPort that answers from a list, remembers what it was asked, and opens no socket."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import Headers, HttpRequest, Origin
from lockgate_ports.refusals import over_limit

JSON: Headers = (("content-type", "application/json"),)


class Exchange(Struct, frozen=True, kw_only=True):
    """One answer. `ending` is what follows the last chunk: the end of the body, a lost connection, or nothing, ever."""

    status: int = 200
    headers: Headers = JSON
    chunks: tuple[bytes, ...] = ()
    ending: Literal["complete", "cut", "stall"] = "complete"


class NoAnswer(Struct, frozen=True):
    """No head of an answer: the connection is refused or lost, its time is up, or nothing happens, ever."""

    fault: Literal["refused", "lost", "timeout", "stall"]


Script = Exchange | NoAnswer


class ScriptedHttp:
    """An HttpPort. Append to `script`; read `requests` and `responses`. A request beyond the script fails the test."""

    def __init__(self, *script: Script) -> None:
        self.script: list[Script] = list(script)
        self.requests: list[HttpRequest] = []
        self.responses: list[ScriptedResponse] = []
        self.unscripted: list[HttpRequest] = []
        self.closed = False

    async def send(self, request: HttpRequest) -> "ScriptedResponse":
        """The next answer of the script, or its fault as HttpPort tells it."""
        self.requests.append(request)
        await asyncio.sleep(0)
        if not self.script:
            self.unscripted.append(request)
            raise AssertionError(f"request {len(self.requests)} was not expected: {request!r}")
        match self.script.pop(0):
            case Exchange() as exchange:
                response = ScriptedResponse(exchange)
                self.responses.append(response)
                return response
            case NoAnswer("stall"):
                await asyncio.Event().wait()
            case NoAnswer("refused"):
                raise UpstreamError(_told(request.origin, "refused"), kind="transient", sent=False)
            case NoAnswer("timeout"):
                raise UpstreamError(f"no answer from {request.origin} in time", kind="timeout")
            case NoAnswer():
                pass
        raise UpstreamError(_told(request.origin, "lost"), kind="transient")

    async def aclose(self) -> None:
        """Remembers that it was called."""
        self.closed = True

    @property
    def leaks(self) -> list["ScriptedResponse"]:
        """Responses that were neither read to their end nor aborted: in life, connections that never come back."""
        return [response for response in self.responses if response.state == "open"]


class ScriptedResponse:
    """An HttpResponse. `state` is `open` until it is `read` to its end or `aborted`."""

    def __init__(self, exchange: Exchange) -> None:
        self.status = exchange.status
        self.headers: Mapping[str, str] = _Fields(exchange.headers)
        self.state: Literal["open", "read", "aborted"] = "open"
        self._exchange = exchange
        self._begun = False
        self._dropped = asyncio.Event()

    def __repr__(self) -> str:
        return f"ScriptedResponse({self.status}, {self.state})"

    async def read(self, limit: int) -> bytes:
        """The whole body."""
        body = b"".join([chunk async for chunk in self.chunks()])
        if len(body) > limit:
            raise over_limit(limit)
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in the pieces that the script gives."""
        assert not self._begun, "the body of a response can be read once"
        self._begun = True
        for chunk in self._exchange.chunks:
            await asyncio.sleep(0)
            if self.state == "aborted":
                break
            yield chunk
        if self._exchange.ending == "stall":
            await self._dropped.wait()
        if self._exchange.ending == "cut" or self.state == "aborted":
            self.state = "aborted"
            raise UpstreamError("the connection was lost before the answer was complete", kind="transient")
        self.state = "read"

    def abort(self) -> None:
        """Drop it; whoever waits for more is told."""
        if self.state == "open":
            self.state = "aborted"
            self._dropped.set()


class _Fields(Mapping[str, str]):
    """Header fields, looked up without regard to case."""

    def __init__(self, headers: Headers) -> None:
        self._fields = {name.lower(): value for name, value in headers}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def _told(origin: Origin, what: str) -> str:
    return f"the connection to {origin} was {what}"
