"""The front door as an ASGI application, to mount in FastAPI, Starlette, Django or any other ASGI service."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.head import Head, ReadBody
from lockgate.surfaces.lines import fields_of
from lockgate.surfaces.pulse import Pulse
from lockgate.surfaces.replies import Door, Streamed, Whole

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class AsgiApp:
    """ASGI 3.0, `http` scope. The gateway must be open for as long as this serves."""

    def __init__(self, door: Door, bounds: Bounds) -> None:
        self._door = door
        self._bounds = bounds
        self._pulse = Pulse(bounds.ping_interval)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request; a client that leaves cancels its call."""
        if scope["type"] != "http":
            raise ValueError(f"this application serves HTTP, not {scope['type']!r}")
        body_read = asyncio.Event()
        work = asyncio.create_task(self._serve(scope, self._reader(receive, body_read), send))
        watch = asyncio.create_task(_gone(receive, body_read))
        try:
            await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
        finally:
            # A task that has ended is not hurt by cancel(); awaiting `work` also tells its errors.
            watch.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error

    async def _serve(self, scope: Message, read_body: ReadBody, send: Send) -> None:
        answer = await self._door.handle(_head(scope), read_body)
        fields = [*fields_of(answer.headers), ("content-type", answer.content_type)]
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        if isinstance(answer, Whole):
            raw.append((b"content-length", str(len(answer.body)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": raw})
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await _stream(answer, raw, send, self._pulse)

    def _reader(self, receive: Receive, body_read: asyncio.Event) -> ReadBody:
        bounds = self._bounds

        async def read() -> bytes:
            parts: list[bytes] = []
            size = 0
            try:
                began = asyncio.get_running_loop().time()
                async with asyncio.timeout(bounds.body_timeout) as patience:
                    more = True
                    while more:
                        message = await receive()
                        if message["type"] == "http.disconnect":
                            raise asyncio.CancelledError
                        parts.append(message.get("body", b""))
                        size += len(parts[-1])
                        if size > bounds.max_body_bytes:
                            raise bounds.too_large()
                        patience.reschedule(began + bounds.patience(size))
                        more = message.get("more_body", False)
            except TimeoutError:
                raise bounds.too_slow() from None
            body_read.set()
            return b"".join(parts)

        return read


async def _stream(answer: Streamed, headers: list[tuple[bytes, bytes]], send: Send, pulse: Pulse) -> None:
    async def write(chunk: bytes) -> None:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})

    try:
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        with pulse.over(write, answer.ping) as beat:
            last = await answer.tell(lambda piece: beat.over(write(piece)))
        await send({"type": "http.response.body", "body": last})
    finally:
        await answer.close()


async def _gone(receive: Receive, body_read: asyncio.Event) -> None:
    """Returns when the client has left; until the body is read, `receive` belongs to its reader."""
    await body_read.wait()
    while (await receive())["type"] != "http.disconnect":
        pass


def _head(scope: Message) -> Head:
    root = scope.get("root_path", "")
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    return Head(scope["method"], path.removeprefix(root) or "/", headers, query)
