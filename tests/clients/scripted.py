"""An upstream that speaks three languages, checks what it is sent, and answers as the scene says."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import speak_anthropic
import speak_gemini
import speak_openai
import speak_responses
from aiohttp import web
from scenes import SCENES, Answer, Refusal
from tap import Exchange

LANGUAGES: dict[str, ModuleType] = {"openai": speak_openai, "anthropic": speak_anthropic, "gemini": speak_gemini}
SPOKEN: dict[str, ModuleType] = LANGUAGES | {"responses": speak_responses}
"""Responses is for what asks in it, and for the record of what passes unchanged."""
PATCHER = "gpt-5.5"
"""Codex offers its tool that takes free text to models whose names begin so."""
KEY = "sk-canary-7f3c9a1e5b7d2c4f6a8b0c1d"
"""The key that the gateway shows upstream; a client has another."""
CLIENT_KEY = "sk-client-of-the-gateway"


class Scripted:
    """`/openai/...`, `/anthropic/...` and so on; `/open` tells how many endless streams still have a caller."""

    def __init__(self) -> None:
        self.open = 0
        self.url = ""
        self.seen: list[Exchange] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        language = SPOKEN[request.match_info["language"]]
        path = "/" + request.match_info["path"]
        prefix = "/" + request.match_info["language"]
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Exchange(request.path_qs.removeprefix(prefix), headers, await request.read())
        self.seen.append(seen)
        try:
            _check_key(request, language.KEY_HEADER)
            assert path.startswith(language.PATHS), f"the upstream was asked at {path}"
            if (told := language.aside(path, json.loads(seen.body))) is not None:
                return web.json_response(told)
            asked = language.read(path, json.loads(seen.body))
            answer = SCENES[asked.model](asked)
        except (AssertionError, LookupError, TypeError, ValueError) as fault:
            told = language.refusal(400)
            told["error"]["message"] = f"{type(fault).__name__}: {fault}"
            return web.json_response(told, status=400)
        if isinstance(answer, Refusal):
            after = {"retry-after": "7"} if answer.status == 429 else {}
            return web.json_response(language.refusal(answer.status), status=answer.status, headers=after)
        if not asked.stream:
            seen.answer = json.dumps(language.whole(answer)).encode()
            return web.Response(body=seen.answer, content_type="application/json")
        events = language.streamed(answer)
        seen.answer = "".join(events).encode()
        return await self._stream(request, events, answer)

    async def _stream(self, request: web.Request, events: list[str], answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for event in events:
            await response.write(event.encode())
        if answer.endless:
            self.open += 1
            try:
                while not (request.transport is None or request.transport.is_closing()):
                    await asyncio.sleep(0.01)
            finally:
                self.open -= 1
        return response

    async def count_open(self, request: web.Request) -> web.Response:
        return web.json_response(self.open)


def _check_key(request: web.Request, header: str) -> None:
    assert request.headers.get(header, "").removeprefix("Bearer ") == KEY, f"the upstream saw another key in {header}"
    told = f"{request.headers} {request.path_qs}"
    assert CLIENT_KEY not in told, "the upstream saw the client's key"


@asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    upstream = Scripted()
    app = web.Application(client_max_size=1 << 25)
    app.router.add_get("/open", upstream.count_open)
    app.router.add_post("/{language}/{path:.*}", upstream.serve)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield upstream
    finally:
        await runner.cleanup()


def settings(url: str) -> dict[str, Any]:
    """One provider a language, and a route `<scene>-<language>` for each scene."""

    def provider(kind: str, base: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "base_url": url + base,
            "credential_ref": "env:UP_KEY",
            "private_addresses": ["127.0.0.0/8"],
        }

    return {
        "server": {"port": 0, "client_credential_refs": ["env:CLIENT_KEY"]},
        "providers": {
            "openai": provider("openai-compatible", "/openai/v1"),
            "anthropic": provider("anthropic", "/anthropic"),
            "gemini": provider("google", "/gemini/v1beta"),
            "responses": provider("openai-compatible", "/responses/v1") | {"api": "responses"},
        },
        "routes": {
            f"{scene}-{language}": {"targets": [f"{language}/{scene}"]} for language in SPOKEN for scene in SCENES
        }
        | {f"{PATCHER}-{language}": {"targets": [f"{language}/patch"]} for language in LANGUAGES},
        "retry": {"max_attempts": 1},
    }


VARIABLES = {"UP_KEY": KEY, "CLIENT_KEY": CLIENT_KEY}
