"""`lockgate serve --hello`: one streamed question through the gateway's own HTTP surface, and how to ask more."""

import os
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from lockgate.cli.loopback import Told, Usage, words_of
from lockgate.cli.snippets import curl_lines, sdk_lines
from lockgate.cli.terminal import console, counted
from lockgate.cli.wrapping import Wrapped
from lockgate.gateway import Gateway
from lockgate.settings import Settings, split_target
from lockgate_ports.errors import LockgateError

_QUESTION = "What is the capital of France? Answer in one short sentence."
_WIDTH = 80


async def hello(gateway: Gateway, url: str) -> None:
    """Asks, shows the answer as it arrives and what is known of it, and prints lines to paste."""
    out = console()
    out.width = min(out.width, _WIDTH)
    if models := gateway.models():
        model = "default" if "default" in gateway.settings.routes else models[0].id
        await _show(out, gateway, url, model)
    else:
        out.print("\nThere is nothing to ask: no route, and no provider that lists a model.", style="yellow")
    out.print("\nServing until Ctrl-C.", style="dim")
    out.file.flush()


async def _show(out: Console, gateway: Gateway, url: str, model: str) -> None:
    variable, key = _client_key(gateway.settings)
    if variable is not None and key is None:
        out.print("\nNothing was asked: no client key stands in an environment variable.", style="yellow")
    else:
        await _ask(out, url, _question(gateway, model), key)
    _heading(out, "from a shell")
    out.print(curl_lines(url, model, variable), soft_wrap=True)
    _heading(out, "from Python: pip install openai")
    out.print(sdk_lines(url, model, variable), soft_wrap=True)


async def _ask(out: Console, url: str, question: Mapping[str, Any], key: str | None) -> None:
    out.print(f"\n  {_QUESTION}\n", style="bold")
    told = Told()
    failed: str | None = None
    words = Wrapped(out.file, out.width, indent=2)
    waiting = out.status("waiting for the first token", spinner="dots")
    if out.is_terminal:
        waiting.start()
    try:
        async for piece in words_of(url, question, key, told):
            waiting.stop()
            words.write(piece)
    except LockgateError as error:
        failed = error.message
    finally:
        waiting.stop()
        words.end()
    if failed is not None:
        out.print(f"  The question failed: {failed}", style="red", soft_wrap=True)
        return
    out.print()
    _facts(out, told)


def _question(gateway: Gateway, model: str) -> dict[str, Any]:
    """What is asked. The small embedded model is held to its first words; others may not take such fields."""
    routes = gateway.settings.routes
    provider_id, _ = split_target(routes[model].names[0] if model in routes and routes[model].names else model)
    embedded = gateway.plugins.models[gateway.settings.providers[provider_id].kind].embedded
    held = {"temperature": 0, "max_tokens": 64} if embedded else {}
    return {"model": model, "messages": [{"role": "user", "content": _QUESTION}], **held}


def _facts(out: Console, told: Told) -> None:
    headers, usage = told.headers, told.usage or Usage()
    attempts = counted(int(headers.get("x-lockgate-attempts", "1")), "attempt")
    rows = [
        ("route", f"{headers.get('x-lockgate-route', '?')} -> {headers.get('x-lockgate-target', '?')} ({attempts})"),
        ("usage", f"{_known(usage.prompt_tokens)} tokens in, {_known(usage.completion_tokens)} out"),
        ("time", f"{told.first or told.total:.2f} s to the first token, {told.total:.2f} s in all"),
    ]
    for name, value in rows:
        out.print(f"  {name:<7}", style="dim", end="")
        out.print(value, soft_wrap=True)


def _client_key(settings: Settings) -> tuple[str | None, str | None]:
    """The environment variable to read a key for clients from, and the key; None where no key is asked for, or where
    the variable holds none because the keys are kept elsewhere."""
    server = settings.server
    fixed = (*server.client_credential_refs, *server.admin_credential_refs)
    if not fixed and settings.auth.keys is None and not settings.auth.jwt:
        return None, None
    for ref in fixed:
        scheme, _, name = ref.partition(":")
        if scheme == "env" and os.environ.get(name):
            return name, os.environ[name]
    return "LOCKGATE_CLIENT_KEY", None


def _heading(out: Console, title: str) -> None:
    out.print()
    out.rule(title, align="left", style="dim")
    out.print()


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
