"""What large bodies and long streams hold in memory, counted where it is allocated and not by the clock."""

import asyncio
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import repeat
from typing import Any

import pytest
from gateway import serving, settings
from upstream import answer, event, http

uvloop = pytest.importorskip("uvloop")  # asyncio's own transports copy what they cannot send at once

SIZE = 8_000_000
LETTERS = "iVBORw0KGgo" + "A" * SIZE
PICTURE = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{LETTERS}"}}]
CLAUDE = {"role": "assistant", "content": [{"type": "text", "text": "hello"}], "stop_reason": "end_turn"}
GEMINI = {"candidates": [{"content": {"role": "model", "parts": [{"text": "hello"}]}, "finishReason": "STOP"}]}
ANSWERS = {
    "openai-compatible": answer(),
    "anthropic": http(json.dumps(CLAUDE | {"type": "message", "id": "m", "model": "m"}).encode()),
    "google": http(json.dumps(GEMINI).encode()),
}
PIECES = 8_000
WORDS = "w" * 1_000
BUFFERS = 2_500_000
"""What one stream may have under way between a quick upstream and a client that does not keep up."""
EVENT_STREAM = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\n\r\n"


class Upstream:
    """Lets go of every byte as it comes."""

    def __init__(self, says: Callable[[], Iterable[bytes]]) -> None:
        self._says = says
        self.url = ""
        self.taken = 0
        self.sent = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while self.taken < length:
            self.taken += len(await reader.read(64 * 1024))
        try:
            for piece in self._says():
                writer.write(piece)
                self.sent += len(piece)
                await writer.drain()
        except ConnectionError:
            pass  # the gateway has hung up, as it should when its client has
        finally:
            writer.close()


@asynccontextmanager
async def upstream(says: Callable[[], Iterable[bytes]]) -> AsyncIterator[Upstream]:
    up = Upstream(says)
    server = await asyncio.start_server(up.serve, "127.0.0.1", 0)
    up.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield up


def config(kind: str, url: str) -> dict[str, Any]:
    made = settings(url + "/v1")
    made["providers"]["up"] |= {"kind": kind, "base_url": url + ("/v1" if kind == "openai-compatible" else "")}
    return made


def asking(content: object, **more: Any) -> bytes:
    body = json.dumps({"model": "fast", "messages": [{"role": "user", "content": content}], "max_tokens": 9, **more})
    return f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


async def connected(url: str) -> socket.socket:
    there = socket.socket()
    there.setblocking(False)
    await asyncio.get_running_loop().sock_connect(there, ("127.0.0.1", int(url.rpartition(":")[2])))
    return there


async def peak(act: Callable[[], Awaitable[None]]) -> int:
    """Bytes that are held at most while it acts, beyond those from before."""
    tracemalloc.start()
    try:
        await act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def stream(kind: str, pieces: int) -> Iterator[bytes]:
    """So many events of words, and the end."""
    yield EVENT_STREAM
    if kind == "openai-compatible":
        yield from repeat(event({"content": WORDS}), pieces)
        yield event({}, "stop")
        yield b"data: [DONE]\n\n"
    else:
        told = {"candidates": [{"content": {"role": "model", "parts": [{"text": WORDS}]}}]}
        yield from repeat(b"data: %b\n\n" % json.dumps(told).encode(), pieces)
        yield b"data: %b\n\n" % json.dumps(GEMINI).encode()


def run(main: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("kind", "content", "stream", "copies"),
    [
        ("openai-compatible", PICTURE, False, 1.2),
        ("openai-compatible", PICTURE, True, 1.2),
        ("openai-compatible", LETTERS, False, 2.2),  # what came, and its words as they were checked
        ("anthropic", PICTURE, False, 3.7),  # what came, its picture as read, and what leaves, with room to grow
        ("google", PICTURE, False, 3.7),
        ("google", LETTERS, False, 3.7),
    ],
)
def test_a_large_body_is_not_copied_but_to_translate_it(kind: str, content: Any, stream: bool, copies: float):
    async def main() -> None:
        async with upstream(lambda: [ANSWERS[kind]]) as up, serving(config(kind, up.url)) as gw:
            body = asking(content, stream=stream)

            async def ask() -> None:
                loop = asyncio.get_running_loop()
                with await connected(gw.url) as there:
                    await loop.sock_sendall(there, body)
                    assert (await loop.sock_recv(there, 4096)).startswith(b"HTTP/1.1 200")

            held = await peak(ask)
            assert up.taken > SIZE
            assert held < copies * SIZE

    run(main)


@pytest.mark.parametrize("kind", ["openai-compatible", "google"])
def test_a_long_stream_holds_no_more_than_a_short_one(kind: str):
    async def main() -> None:
        async with upstream(partial(stream, kind, PIECES)) as up, serving(config(kind, up.url)) as gw:

            async def listen() -> None:
                loop = asyncio.get_running_loop()
                with await connected(gw.url) as there:
                    await loop.sock_sendall(there, asking("hi", stream=True))
                    end = b""
                    while not end.endswith(b"\r\n0\r\n\r\n"):
                        more = await loop.sock_recv(there, 64 * 1024)
                        assert more
                        end = (end + more)[-100:]
                    assert b"[DONE]" in end

            held = await peak(listen)
            assert up.sent > PIECES * len(WORDS)
            assert held < BUFFERS

    run(main)


@pytest.mark.parametrize("kind", ["openai-compatible", "google"])
def test_a_client_that_reads_nothing_stops_its_upstream_and_fills_no_memory(kind: str):
    async def main() -> None:
        async with upstream(partial(stream, kind, 100 * PIECES)) as up, serving(config(kind, up.url)) as gw:

            async def wait() -> None:
                loop = asyncio.get_running_loop()
                with await connected(gw.url) as there:
                    await loop.sock_sendall(there, asking("hi", stream=True))
                    sent = -1
                    while sent < up.sent or not sent:
                        sent = up.sent
                        await asyncio.sleep(0.3)

            held = await peak(wait)
            assert held < BUFFERS
            assert up.sent < 10 * PIECES * len(WORDS)

    run(main)
