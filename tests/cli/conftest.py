"""An upstream of a few lines, settings that lead to it, and the real `lockgate` as a process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

LOCKGATE = Path(sys.executable).with_name("lockgate")
KEY = "sk-canary-5T7uYq2LmN8pR4vX"
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "80", "CANARY_KEY": KEY}


class Upstream:
    """Speaks Chat Completions. Streams pause after the first word until `release` is set, when asked to go slowly."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.seen: list[dict[str, Any]] = []
        self.status = 200
        self.images: list[Any] = []
        self.models = b'{"data": []}'
        self.port = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.seen.append({"body": body, "authorization": request.headers.get("authorization")})
        if self.status != 200:
            return web.json_response({"error": {"message": "no capacity", "type": "server_error"}}, status=self.status)
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        head = {"id": "c1", "created": 1, "model": "tiny"}
        if not body.get("stream"):
            message = {"role": "assistant", "content": "Paris it is.", "images": self.images}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return web.json_response({**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)

        async def send(choices: list[Any], **more: Any) -> None:
            chunk = {**head, "object": "chat.completion.chunk", "choices": choices, **more}
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

        for place, word in enumerate(("Paris", " it", " is.")):
            await send([{"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}])
            if place == 0 and "slowly" in json.dumps(body):
                await self.release.wait()
        await send([{"index": 0, "delta": {"images": self.images}, "finish_reason": "stop"}])
        await send([], usage=usage)
        await response.write(b"data: [DONE]\n\n")
        return response

    async def list_models(self, request: web.Request) -> web.Response:
        assert request.headers.get("authorization")
        return web.Response(body=self.models, status=self.status, content_type="application/json")


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    made = Upstream()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.answer)
    app.router.add_get("/v1/models", made.list_models)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    made.release.set()
    await runner.cleanup()


@pytest.fixture
def settings(upstream: Upstream, tmp_path: Path) -> Path:
    """Settings in `tmp_path/lockgate.yaml`, where processes run: one provider, two routes, none called `default`."""
    path = tmp_path / "lockgate.yaml"
    path.write_text(f"""\
server:
  port: 0
providers:
  local:
    kind: openai-compatible
    base_url: http://127.0.0.1:{upstream.port}/v1
    private_addresses: [127.0.0.0/8]
    credential_ref: env:CANARY_KEY
    models: [tiny]
retry: {{max_attempts: 1}}
routes:
  fast: {{targets: [local/tiny]}}
  smart: {{targets: [local/tiny, local/other]}}
environments:
  alone:
    routes: {{smart: null}}
""")
    return path


class Process:
    """A running `lockgate`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line of stdout."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            return (await self.process.stdout.readline()).decode()

    async def until(self, words: str) -> str:
        """What stdout says, up to the line that holds these words."""
        shown = ""
        while words not in shown:
            line = await self.line()
            assert line, f"stdout ended without {words!r}: {shown}"
            shown += line
        return shown

    async def error_line(self, words: str) -> str:
        """The next line of stderr that holds these words."""
        assert self.process.stderr is not None
        async with asyncio.timeout(30):
            while words not in (line := (await self.process.stderr.readline()).decode()):
                assert line, f"stderr ended without {words!r}"
        return line

    async def end(self, piped: bytes | None = None) -> tuple[int, str, str]:
        """Exit code, and what is left of stdout and stderr."""
        async with asyncio.timeout(30):
            out, err = await self.process.communicate(piped)
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts `lockgate` in tmp_path; whatever still runs at the end is killed."""
    async with AsyncExitStack() as running:

        async def start(*arguments: str, **env: str) -> Process:
            process = await asyncio.create_subprocess_exec(
                LOCKGATE,
                *arguments,
                cwd=tmp_path,
                env={**CLEAN, "HOME": str(tmp_path), **env},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )

            async def kill() -> None:
                if process.returncode is None:
                    process.kill()
                await process.wait()

            running.push_async_callback(kill)
            return Process(process)

        yield start
