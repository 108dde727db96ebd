"""The front door as an aiohttp sub-application, to mount in another service."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.head import Head
from lockgate.surfaces.lines import fields_of
from lockgate.surfaces.pulse import Pulse
from lockgate.surfaces.replies import Door, Streamed, Whole
from lockgate_ports.errors import InvalidRequest


def aiohttp_app(door: Door, bounds: Bounds) -> web.Application:
    """The surfaces as a sub-application: `service.add_subapp("/llm", app)`. Run the service with
    `handler_cancellation=True`, so that clients who leave cancel their calls."""

    pulse = Pulse(bounds.ping_interval)

    async def serve(request: web.Request) -> web.StreamResponse:
        return await _answer(door, bounds, pulse, request, "/" + quote(request.match_info["tail"]))

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", serve)
    return app


async def _answer(door: Door, bounds: Bounds, pulse: Pulse, request: web.BaseRequest, path: str) -> web.StreamResponse:
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
            last = await answer.tell(lambda piece: beat.over(response.write(piece)))
        await response.write_eof(last)
    finally:
        await answer.close()
    return response


def _fields(answer: Whole | Streamed) -> list[tuple[str, str]]:
    """`server` is set so that aiohttp does not tell its version, and Python's."""
    return [*fields_of(answer.headers), ("content-type", answer.content_type), ("server", "lockgate")]


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
