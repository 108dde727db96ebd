"""A gateway in front of one upstream for each language that providers speak, which answers with what is known of it."""

import importlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from gateway import CANARY, Served, serving
from msgspec import Struct

from lockgate_ports.testkit import Refused, Sample, Samples

_KINDS: dict[str, dict[str, Any]] = {
    "openai-chat": {"kind": "openai-compatible"},
    "openai-responses": {"kind": "openai-compatible", "api": "responses"},
    "anthropic-messages": {"kind": "anthropic"},
    "gemini": {"kind": "google"},
    "bedrock-converse": {"kind": "bedrock", "region": "us-east-1", "auth": "bearer"},
    "cohere-chat": {"kind": "cohere"},
    "ollama-chat": {"kind": "ollama"},
}


def _known() -> dict[str, Samples]:
    """What the plugins of this repository know of the languages that are spoken here."""
    found: dict[str, Samples] = {}
    for path in sorted((Path(__file__).parents[2] / "plugins").glob("*/*/**/samples.py")):
        plugin = path.relative_to(Path(__file__).parents[2] / "plugins").parts[1:]
        module = importlib.import_module(".".join(plugin).removesuffix(".py"))
        found |= {each.dialect: each for each in vars(module).values() if isinstance(each, Samples)}
    return {name: found[name] for name in _KINDS}


LANGUAGES = _known()
MODELS = {
    "anthropic-messages": "claude-sonnet-4-5",
    "gemini": "gemini-3-pro",
    "bedrock-converse": "amazon.nova-pro-v1:0",
}
"""Models of whom the dialect knows something; others are called `m`."""


class Sent(Struct):
    """What an upstream was sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class World:
    """`say` what the next calls are answered; `sent` is what they were."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._said: Sample | Refused | None = None

    def say(self, said: Sample | Refused) -> None:
        self._said = said

    async def answer(self, request: web.Request) -> web.Response:
        language = request.match_info["language"]
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        target = request.raw_path.removeprefix(f"/{language}")
        self.sent.append(Sent(request.method, target, headers, body))
        said = self._said
        assert said is not None
        if isinstance(said, Refused):
            return web.Response(status=said.status, headers=dict(said.headers), body=said.body)
        if "stream" in target or json.loads(body).get("stream"):
            kind = LANGUAGES[language].event_content_type
            return web.Response(body=said.stream, headers={"content-type": kind})
        return web.Response(body=said.body, content_type="application/json")


@asynccontextmanager
async def world() -> AsyncIterator[tuple[World, Served]]:
    """One provider and one route a language, both of its name."""
    made = World()
    app = web.Application()
    app.router.add_post("/{language}/{rest:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    shared = {"credential_ref": "env:UP_KEY", "private_addresses": ["127.0.0.0/8"]}
    config = {
        "providers": {name: {"base_url": f"{url}/{name}", **shared, **kind} for name, kind in _KINDS.items()},
        "routes": {name: {"targets": [f"{name}/{MODELS.get(name, 'm')}"]} for name in _KINDS},
        "retry": {"max_attempts": 1},
    }
    try:
        async with serving(config, env={"UP_KEY": CANARY}) as gateway:
            yield made, gateway
    finally:
        await runner.cleanup()
