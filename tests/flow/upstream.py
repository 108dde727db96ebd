"""An upstream on raw sockets: it says just the bytes it is told to, in the pieces it is told to, and notes the rest."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """One request as it came in, and when its caller hung up."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


RESET = object()
"""In a script: cut the connection hard."""
CLOSE = object()
"""In a script: close the connection in good order."""
HANG = object()
"""In a script: say nothing more until the caller leaves."""

Script = Sequence[bytes | float | object]
"""Bytes are sent, numbers are seconds to wait."""


class Upstream:
    """`answers` are scripts, one a request; the last one serves all further requests."""

    def __init__(self) -> None:
        self.answers: list[Script | Callable[[Seen], Script]] = []
        self.seen: list[Seen] = []
        self.connections = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def say(self, *answers: Script | Callable[[Seen], Script]) -> None:
        self.answers = list(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        seen = None
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                seen = Seen(method, path, headers, body)
                self.seen.append(seen)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await self._play(answer(seen) if callable(answer) else answer, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if seen is not None:
                seen.left.set()
            writer.close()

    async def _play(self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in script:
            if step is RESET:
                writer.transport.abort()
                raise ConnectionResetError
            if step is CLOSE:
                raise ConnectionResetError
            if step is HANG:
                await reader.read(1)
                raise ConnectionResetError
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, int | float):
                await self._wait(step, reader)
            elif isinstance(step, asyncio.Event):
                await step.wait()

    async def _wait(self, seconds: float, reader: asyncio.StreamReader) -> None:
        """Waits, but notices when the caller leaves."""
        try:
            async with asyncio.timeout(seconds):
                await reader.read(1)
        except TimeoutError:
            return
        raise ConnectionResetError


@asynccontextmanager
async def upstream(tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    up = Upstream()
    server = await asyncio.start_server(up._serve, "127.0.0.1", 0, ssl=tls)
    up.port = server.sockets[0].getsockname()[1]
    try:
        yield up
    finally:
        server.close()


def http(body: bytes, status: int = 200, content_type: str = "application/json", extra: str = "") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def answer(text: str = "hello", **more: Any) -> bytes:
    """A chat completion."""
    return http(json.dumps(completion(text, **more)).encode())


def completion(
    text: str | None = "hello", *, finish: str = "stop", usage: bool = True, **message: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m-1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
        ],
    }
    if usage:
        body["usage"] = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return body


SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
"""A stream that ends when the connection closes."""


def event(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of a stream as an event."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-1", "choices": choices}
    return b"data: " + json.dumps(chunk | more, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
USAGE = event(None, usage={"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5})


def stream(*words: str, finish: str | None = "stop", done: bool = True, usage: bool = True) -> list[bytes | object]:
    """The script of a whole streamed answer; it closes the connection at its end."""
    script: list[bytes | object] = [SSE_HEAD, event({"role": "assistant", "content": ""})]
    script += [event({"content": word}) for word in words]
    if finish:
        script.append(event({}, finish))
    if usage:
        script.append(USAGE)
    if done:
        script.append(DONE)
    return [*script, CLOSE]
