"""The front door on aiohttp: as a server of its own, or as a sub-application of another service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from aiohttp import web

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.front_door import FrontDoor
from lockgate.surfaces.head import Head
from lockgate.surfaces.pulse import Pulse
from lockgate.surfaces.replies import JSON, Streamed, Whole, write_plain_error
from lockgate_ports.errors import InvalidRequest


class DoorServer(web.Server):
    """aiohttp's low-level server with the gaps closed that matter to a gateway: a client that leaves cancels its
    call, one that dawdles is dropped, and what is not HTTP is neither echoed nor logged."""

    def __init__(self, door: FrontDoor, bounds: Bounds) -> None:
        super().__init__(self._serve, handler_cancellation=True)
        self._door = door
        self._bounds = bounds
        self._pulse = Pulse(bounds.ping_interval)
        self._options: dict[str, Any] = {
            # From the connection's beginning too: one on which no request begins in this time is dropped.
            "keepalive_timeout": bounds.header_timeout,
            "access_log": None,
            "auto_decompress": False,
            "lingering_time": 1.0,
            "max_line_size": 16 * 1024,
            "max_field_size": 16 * 1024,
        }

    def __call__(self) -> web.RequestHandler:
        """A handler for one connection."""
        return _Connection(self, loop=asyncio.get_running_loop(), **self._options)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        return await _answer(self._door, self._bounds, self._pulse, request, request.rel_url.raw_path)


class _Connection(web.RequestHandler):
    """One client's connection."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Says that it was no HTTP, and nothing of what it was: it may hold a key."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        answer = write_plain_error(InvalidRequest("this is not a valid HTTP request", code="bad_http"), "")
        response = web.Response(status=400, body=answer.body, headers={"content-type": JSON, "server": "lockgate"})
        response.force_close()
        return response


def aiohttp_app(door: FrontDoor, bounds: Bounds) -> web.Application:
    """The surfaces as a sub-application: `service.add_subapp("/llm", app)`. Run the service with
    `handler_cancellation=True`, so that clients who leave cancel their calls."""

    pulse = Pulse(bounds.ping_interval)

    async def serve(request: web.Request) -> web.StreamResponse:
        return await _answer(door, bounds, pulse, request, "/" + quote(request.match_info["tail"]))

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", serve)
    return app


async def _answer(
    door: FrontDoor, bounds: Bounds, pulse: Pulse, request: web.BaseRequest, path: str
) -> web.StreamResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    head = Head(request.method, path, headers, dict(request.query) if request.query_string else {})
    answer = await door.handle(head, _reader(request, bounds))
    if isinstance(answer, Whole):
        return web.Response(status=answer.status, body=answer.body, headers=_fields(answer))
    return await _stream(request, answer, pulse)


async def _stream(request: web.BaseRequest, answer: Streamed, pulse: Pulse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_fields(answer))
    try:
        await response.prepare(request)
        with pulse.over(response.write, answer.ping) as beat:
            async for chunk in answer.chunks:
                await response.write(chunk)
                beat.touch()
        await response.write_eof()
    finally:
        await answer.close()
    return response


def _fields(answer: Whole | Streamed) -> list[tuple[str, str]]:
    """`server` is set so that aiohttp does not tell its version, and Python's."""
    return [*answer.headers, ("content-type", answer.content_type), ("server", "lockgate")]


def _reader(request: web.BaseRequest, bounds: Bounds) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        limit = bounds.max_body_bytes
        if (request.content_length or 0) > limit:
            raise bounds.too_large()
        if request.headers.get("expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.content.is_eof():
            # The whole body came with the head, as nearly always: nothing is left to wait for.
            body = request.content.read_nowait()
            if len(body) > limit:
                raise bounds.too_large()
            return body
        began = asyncio.get_running_loop().time()
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(bounds.body_timeout) as patience:
                while chunk := await request.content.readany():
                    size += len(chunk)
                    if size > limit:
                        raise bounds.too_large()
                    parts.append(chunk)
                    patience.reschedule(began + bounds.patience(size))
        except TimeoutError:
            raise bounds.too_slow() from None
        except web.RequestPayloadError:
            raise InvalidRequest("the body is not well-formed HTTP", code="bad_http") from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    return read


class Listener:
    """A DoorServer on a TCP port. `port` 0 takes a free one; read it after `start`."""

    def __init__(self, door: FrontDoor, bounds: Bounds, host: str, port: int, drain_timeout: float) -> None:
        self._door = door
        self._bounds = bounds
        self._host = host
        self._drain_timeout = drain_timeout
        self._runner: web.ServerRunner | None = None
        self.port = port

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        runner = web.ServerRunner(DoorServer(self._door, self._bounds), shutdown_timeout=self._drain_timeout)
        await runner.setup()
        await web.TCPSite(runner, self._host, self.port).start()
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Takes no new connections, lets calls in progress end, then closes."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
