"""A gateway that is killed under load, again and again: what it answered must be in its ledger."""

import asyncio
import json
import os
import random
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

_BODY = {"id": "c-1", "model": "m", "choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}
_USAGE = {"prompt_tokens": 3, "completion_tokens": 2}
_PIECES: tuple[dict[str, Any], ...] = (
    {"id": "c-1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]},
    {"id": "c-1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"id": "c-1", "model": "m", "choices": [], "usage": _USAGE},
)
_CLIENTS = 6
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_READY = re.compile(r"ready on http://[^:]+:(\d+)")
_ENDED = b"data: [DONE]\n\n"


async def answered_before_kills(
    ledger: Mapping[str, Any], folder: Path, rounds: int, env: Mapping[str, str] | None = None
) -> set[str]:
    """Serves with this `ledger`, asks with several clients at once, plain and streamed, and kills the server (SIGKILL)
    in the midst of it, `rounds` times. Returns the ids of the requests whose answer had come, complete, to its last
    byte."""
    upstream = await asyncio.start_server(_answer, "127.0.0.1", 0)
    try:
        port = upstream.sockets[0].getsockname()[1]
        provider = {
            "kind": "openai-compatible",
            "base_url": f"http://127.0.0.1:{port}/v1",
            "private_addresses": ["127.0.0.0/8"],
        }
        path = folder / "killed.yaml"
        settings = {"providers": {"up": provider}, "routes": {"r": {"targets": ["up/m"]}}, "ledger": dict(ledger)}
        path.write_text(json.dumps(settings))
        answered: set[str] = set()
        for number in range(rounds):
            await _round(path, {**os.environ, **(env or {})}, number, answered)
        return answered
    finally:
        upstream.close()


async def _round(path: Path, env: Mapping[str, str], number: int, answered: set[str]) -> None:
    command = [sys.executable, "-c", "from lockgate.cli import main; main()", "serve", "--port", "0", "-c", str(path)]
    server = await asyncio.create_subprocess_exec(*command, env=env, stdout=asyncio.subprocess.PIPE)
    try:
        assert server.stdout is not None
        ready = None
        while ready is None:
            line = await asyncio.wait_for(server.stdout.readline(), 60)
            assert line, "the server did not start"
            ready = _READY.search(line.decode())
        begun = len(answered)
        clients = [asyncio.create_task(_client(int(ready[1]), f"k{number}-{who}", answered)) for who in range(_CLIENTS)]
        while len(answered) < begun + _CLIENTS:
            # Six tasks count, and none of them tells; one that ends by now has met what it did not expect.
            await asyncio.wait(clients, timeout=0.005, return_when=asyncio.FIRST_COMPLETED)
            for client in clients:
                if client.done():
                    client.result()
                    raise AssertionError("the server closed a connection before it was killed")
        await asyncio.sleep(random.random() / 5)  # noqa: S311 - when it dies is not to be foreseen
        server.kill()
        await asyncio.gather(*clients)
    finally:
        if server.returncode is None:
            with suppress(ProcessLookupError):
                server.kill()
            await server.wait()


async def _client(port: int, name: str, answered: set[str]) -> None:
    """Asks until the server is gone."""
    asked = 0
    with suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                asked += 1
                request_id = f"{name}-{asked}"
                stream = asked % 2 == 0
                body = json.dumps({"model": "r", "stream": stream, "messages": [{"role": "user", "content": "hi"}]})
                writer.write(
                    f"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                    f"x-request-id: {request_id}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
                )
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200"), head
                if stream:
                    told = await reader.readuntil(b"\r\n0\r\n\r\n")
                    assert _ENDED.strip() in told, "an answer that ended in good order says so"
                else:
                    await reader.readexactly(_length(head))
                answered.add(request_id)
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The upstream: one small answer after the other."""
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            body = await reader.readexactly(_length(await reader.readuntil(b"\r\n\r\n")))
            if json.loads(body).get("stream"):
                kind = "text/event-stream"
                told = b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in _PIECES) + _ENDED
            else:
                kind, told = "application/json", json.dumps({**_BODY, "usage": _USAGE}).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(told)}\r\n\r\n"
            writer.write(head.encode() + told)
    writer.close()


def _length(head: bytes) -> int:
    found = _LENGTH.search(head)
    assert found is not None, head
    return int(found[1])
