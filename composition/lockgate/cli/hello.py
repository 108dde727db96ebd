"""`lockgate serve --hello`: one streamed question through the gateway's own HTTP surface, and how to ask more."""

import os
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp
import msgspec
from msgspec import Struct
from rich.console import Console

from lockgate.cli.snippets import curl_lines, sdk_lines
from lockgate.cli.terminal import console, counted
from lockgate.cli.wrapping import Wrapped
from lockgate.gateway import Gateway
from lockgate.settings import Settings
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.sse import SseParser

_QUESTION = "What is the capital of France? Answer in one short sentence."
_WIDTH = 80


class _Said(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None


class _Choice(Struct, frozen=True):
    delta: _Said = _Said()


class _Usage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Error(Struct, frozen=True):
    message: str = "no reason given"


class _Chunk(Struct, frozen=True):
    """What is looked at of a chunk of a stream, or of an error answer."""

    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: _Error | None = None


class _Told(Struct):
    """What one question told."""

    headers: Mapping[str, str] = {}
    usage: _Usage | None = None
    first: float | None = None
    total: float = 0.0


_READ = msgspec.json.Decoder(_Chunk)


async def hello(gateway: Gateway, url: str) -> None:
    """Asks, shows the answer as it arrives and what is known of it, and prints lines to paste."""
    out = console()
    out.width = min(out.width, _WIDTH)
    models = gateway.models()
    if not models:
        out.print("\nThere is nothing to ask: the settings have no route, and no provider lists a model.")
        return
    model = "default" if "default" in gateway.settings.routes else models[0].id
    variable, key = _client_key(gateway.settings)
    if gateway.settings.server.client_credential_refs and key is None:
        out.print("\nNothing was asked: no client key stands in an environment variable.", style="yellow")
    else:
        await _ask(out, url, model, key)
    _heading(out, "from a shell")
    out.print(curl_lines(url, model, variable), soft_wrap=True)
    _heading(out, "from Python: pip install openai")
    out.print(sdk_lines(url, model, variable), soft_wrap=True)
    out.print("\nServing until Ctrl-C.", style="dim")
    out.file.flush()


async def _ask(out: Console, url: str, model: str, key: str | None) -> None:
    out.print(f"\n  {_QUESTION}\n", style="bold")
    told = _Told()
    words = Wrapped(out.file, out.width, indent=2)
    waiting = out.status("waiting for the first token", spinner="dots")
    if out.is_terminal:
        waiting.start()
    try:
        async for piece in _stream(url, model, key, told):
            waiting.stop()
            words.write(piece)
    except LockgateError as error:
        waiting.stop()
        words.end()
        out.print(f"  The question failed: {error.message}", style="red")
        return
    finally:
        waiting.stop()
    words.end()
    out.print()
    _facts(out, model, told)


def _facts(out: Console, model: str, told: _Told) -> None:
    headers, usage = told.headers, told.usage or _Usage()
    attempts = counted(int(headers.get("x-lockgate-attempts", "1")), "attempt")
    rows = [
        ("route", f"{headers.get('x-lockgate-route', model)} -> {headers.get('x-lockgate-target', '?')} ({attempts})"),
        ("usage", f"{_known(usage.prompt_tokens)} tokens in, {_known(usage.completion_tokens)} out"),
        ("time", f"{told.first or told.total:.2f} s to the first token, {told.total:.2f} s in all"),
    ]
    for name, value in rows:
        out.print(f"  {name:<7}", style="dim", end="")
        out.print(value, soft_wrap=True)


async def _stream(url: str, model: str, key: str | None, told: _Told) -> AsyncIterator[str]:
    """The words of the answer as they arrive. Raises UpstreamError when it fails."""
    body = {
        "model": model,
        "messages": [{"role": "user", "content": _QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    headers = {"authorization": f"Bearer {key}"} if key else {}
    began = time.monotonic()
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{url}/v1/chat/completions", json=body) as response,
        ):
            told.headers = response.headers
            if response.status != 200:
                error = _READ.decode(await response.read()).error or _Error()
                raise UpstreamError(error.message, kind="fatal")
            parser = SseParser()
            async for data in response.content.iter_any():
                for event in parser.feed(data):
                    if event.data == b"[DONE]":
                        continue
                    chunk = _READ.decode(event.data)
                    if chunk.error is not None:
                        raise UpstreamError(chunk.error.message, kind="fatal")
                    told.usage = chunk.usage or told.usage
                    for choice in chunk.choices:
                        if words := choice.delta.content or choice.delta.refusal:
                            told.first = told.first or time.monotonic() - began
                            yield words
    except (aiohttp.ClientError, OSError, msgspec.DecodeError) as error:
        raise UpstreamError(
            f"the gateway's own surface did not answer ({type(error).__name__})", kind="fatal"
        ) from error
    told.total = time.monotonic() - began


def _client_key(settings: Settings) -> tuple[str | None, str | None]:
    """The environment variable that holds a key for clients, and the key; None where there is none."""
    for ref in settings.server.client_credential_refs:
        scheme, _, name = ref.partition(":")
        if scheme == "env" and os.environ.get(name):
            return name, os.environ[name]
    return None, None


def _heading(out: Console, title: str) -> None:
    out.print()
    out.rule(title, align="left", style="dim")
    out.print()


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
