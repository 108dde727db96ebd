"""The ASGI application by itself: what a client that leaves, dawdles or sends too much gets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from gateway import settings
from upstream import HANG, answer, upstream

from lockgate import open_gateway
from lockgate.surfaces.asgi import AsgiApp
from lockgate.surfaces.bounds import Bounds

BODY = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "hi"}]}).encode()


def scope(path: str = "/v1/chat/completions") -> dict[str, Any]:
    headers = [(b"content-type", b"application/json")]
    return {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "root_path": ""}


async def told(app: AsgiApp, messages: AsyncIterator[dict[str, Any]]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope(), lambda: anext(messages), send)
    return sent


def app_of(gateway: Any, **bounds: Any) -> AsgiApp:
    limits = {"max_body_bytes": 1000, "header_timeout": 15.0, "body_timeout": 15.0, **bounds}
    return AsgiApp(gateway.front_door(), Bounds(**limits))


async def waiting() -> dict[str, Any]:
    await asyncio.sleep(60)
    return {"type": "http.disconnect"}


async def test_a_body_in_pieces_is_read_and_answered():
    async def messages() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "http.request", "body": BODY[:20], "more_body": True}
        yield {"type": "http.request", "body": BODY[20:]}
        yield await waiting()

    async with upstream() as up, open_gateway(settings(up.url), env={"UP_KEY": "k"}) as gateway:
        up.say([answer("hello")])
        start, body = await told(app_of(gateway), messages())
        assert start["status"] == 200
        assert json.loads(body["body"])["choices"][0]["message"]["content"] == "hello"


async def test_a_client_that_leaves_cancels_the_upstream_call():
    async with upstream() as up, open_gateway(settings(up.url), env={"UP_KEY": "k"}) as gateway:
        up.say([HANG])

        async def messages() -> AsyncIterator[dict[str, Any]]:
            yield {"type": "http.request", "body": BODY}
            while not up.seen:
                await asyncio.sleep(0.01)
            yield {"type": "http.disconnect"}

        async with asyncio.timeout(5):
            assert await told(app_of(gateway), messages()) == []
            await up.seen[0].left.wait()


@pytest.mark.parametrize(
    ("pieces", "bounds", "status"),
    [
        (lambda: [{"type": "http.request", "body": b" " * 600, "more_body": True}] * 2, {}, 413),
        (lambda: [{"type": "http.request", "body": b"{", "more_body": True}], {"body_timeout": 0.1}, 408),
    ],
)
async def test_too_much_and_too_slow_are_refused(pieces: Callable[[], Any], bounds: dict[str, Any], status: int):
    async def messages() -> AsyncIterator[dict[str, Any]]:
        for piece in pieces():
            yield piece
        yield await waiting()

    async with upstream() as up, open_gateway(settings(up.url), env={"UP_KEY": "k"}) as gateway:
        start, _ = await told(app_of(gateway, **bounds), messages())
        assert start["status"] == status
        assert up.seen == []
