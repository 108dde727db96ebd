"""A thousand secrets, and everything that a gateway shows: none of them is in it, nor a part of one."""

import asyncio
import contextlib
import io
import json
import logging
import pickle
import random
import string
import traceback
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from gateway import serving, settings
from upstream import CLOSE, answer, http, upstream

from lockgate import ChatRequest, LockgateError, open_gateway, user
from lockgate.cli.logs import Json, Plain
from lockgate.cli.root import root
from lockgate.redaction import BLOT, Redactor, redact
from lockgate_ports.errors import UpstreamError
from lockgate_ports.secret import Secret

CANARIES = 1_000
SHARE = 10
ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}


def canaries(count: int) -> list[str]:
    """Keys as providers make them: with a prefix, bare hexadecimal, base64, with dots, words with digits."""
    luck = random.Random(4)
    letters = string.ascii_letters + string.digits
    forms = (
        lambda: "sk-proj-" + "".join(luck.choices(letters + "_-", k=48)),
        lambda: "".join(luck.choices("0123456789abcdef", k=32)),
        lambda: "".join(luck.choices(letters + "+/", k=43)) + "=",
        lambda: ".".join("".join(luck.choices(letters, k=20)) for _ in range(3)),
        lambda: (
            "AKIA" + "".join(luck.choices(string.ascii_uppercase, k=16)) + "/" + "".join(luck.choices(letters, k=40))
        ),
    )
    return [forms[number % len(forms)]() for number in range(count)]


def shown_of(keys: list[str], text: str) -> list[str]:
    """Those of which `text` shows ten characters in a row, the prefix that all have aside."""
    words = {text[at : at + SHARE] for at in range(len(text) - SHARE + 1)}
    return [key for key in keys if any(key[at : at + SHARE] in words for at in range(8, len(key) - SHARE + 1))]


async def test_no_canary_is_in_any_output(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = canaries(CANARIES)
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({f"k{number}": key for number, key in enumerate(keys)}))
    file.chmod(0o600)
    outputs: list[str] = []
    written = io.StringIO()
    handlers = [logging.StreamHandler(written), logging.StreamHandler(written)]
    for handler, formatter in zip(handlers, (Plain(), Json()), strict=True):
        handler.setFormatter(formatter)
        logging.getLogger().addHandler(handler)
    async with upstream() as up:
        # A breaker would keep keys off the wire, the more of them the faster this runs.
        never = {"failures": 10_000, "min_calls": 10_000}
        given: dict[str, Any] = settings(up.url, retry={"max_attempts": 1}, breaker=never, routes={})
        row = given["providers"].pop("up")
        per = 100
        for number in range(0, CANARIES, per):
            refs = [f"file:{file}#k{each}" for each in range(number, number + per)]
            given["providers"][f"p{number}"] = {**row, "credential_ref": None, "credential_refs": refs}
        given["routes"] = {"fast": {"targets": [f"{name}/m" for name in given["providers"]]}}

        def quoting(seen: Any) -> list[Any]:
            """An upstream that repeats what it was shown, whole, in part, and in every place it has."""
            key = seen.headers["authorization"].removeprefix("Bearer ")
            said = {
                "message": f"key {key} or {key[5:30]} is bad: https://u:{key}@h/?key={key}",
                "code": key[:40],
                "type": key,
            }
            head = f"x-request-id: {key}\r\nretry-after: {key}\r\n"
            status = (400, 401, 403, 404, 429, 500, 200)[len(up.seen) % 7]
            script: list[Any] = [http(json.dumps({"error": said}).encode(), status, extra=head)]
            return [*script, CLOSE] if len(up.seen) % 5 == 0 else script

        up.say(quoting)
        async with serving(given) as gw:
            for number in range(CANARIES * 2):
                name = f"p{number % 10 * per}/m"
                stream = {"stream": True} if number % 3 == 0 else {}
                told = await gw.ask({**ASK, "model": name, **stream})
                outputs.append(told.body.decode() + str(dict(told.headers)))
                if number % 50 == 0:
                    try:
                        await gw.gateway.chat(ChatRequest(model=name, messages=(user("hi"),)))
                    except LockgateError as error:
                        outputs += [str(error), repr(error), "".join(traceback.format_exception_only(error))]
                        logging.getLogger("lockgate.test").error("failed: %s", error)
            outputs.append((await gw.get("/health/providers?test=true")).body.decode())
            outputs.append((await gw.get("/metrics")).body.decode())
            outputs += [repr(gw.gateway.settings), repr(gw.gateway.providers), str(vars(gw.gateway))]
            with contextlib.suppress(TypeError, AttributeError):
                outputs.append(msgspec.json.encode(gw.gateway.settings).decode())
        used = {seen.headers["authorization"] for seen in up.seen}
        assert len(used) > CANARIES // 4, "so many of them were on the wire"
    config = tmp_path / "lockgate.yaml"
    config.write_text(json.dumps(given))
    for command in (["check", str(config)], ["secrets", "list", "--file", str(file)], ["providers", "-c", str(config)]):
        # A command has an event loop of its own, which a thread that runs one cannot begin.
        ran = await asyncio.to_thread(CliRunner().invoke, root, command)
        assert not isinstance(ran.exception, RuntimeError)
        outputs.append(ran.output + str(ran.exception))
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
    outputs += [written.getvalue(), caplog.text]
    assert shown_of(keys, "\n".join(outputs)) == []
    assert BLOT in "".join(outputs)


async def test_a_log_line_of_anybody_is_blotted() -> None:
    keys = canaries(50)
    redactor = redact
    for key in keys:
        redactor.remember(Secret(key))
    for formatter in (Plain(), Json()):
        for key in keys:
            record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": f"a '{key}' and {key[9:25]} b"})
            assert shown_of([key], formatter.format(record)) == []


def test_errors_are_cleaned_whole() -> None:
    redactor = Redactor()
    (key,) = canaries(1)
    redactor.remember(Secret(key))
    error = UpstreamError(
        f"bad {key}", kind="auth", upstream_message=f"also {key[10:30]}", body=f'{{"m":"{key}"}}'.encode()
    )
    redactor.clean(error)
    assert shown_of([key], f"{error!r} {error} {error.upstream_message} {error.body!r} {error.args}") == []
    assert json.loads(error.body or b"") == {"m": BLOT}


def test_what_nobody_handed_out_but_looks_like_a_key_is_blotted_and_prose_is_not() -> None:
    redactor = Redactor()
    assert (
        redactor("sk-0123456789abcdef https://me:pw@host/x Bearer abc0123456") == f"{BLOT} https://{BLOT}@host/x {BLOT}"
    )
    prose = "Basic authentication is needed; Bearer authentication as well: key-value stores, risk-free"
    assert redactor(prose) == prose


def test_a_document_is_not_held_for_a_secret_as_a_whole() -> None:
    redactor = Redactor()
    private = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ"
    document = {
        "type": "service_account",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "private_key": private,
    }
    redactor.remember(Secret(json.dumps(document)))
    assert (
        redactor("https://accounts.google.com says service_account")
        == "https://accounts.google.com says service_account"
    )
    assert redactor(f"key {private[5:40]}") == f"key {BLOT}"


async def test_a_secret_neither_prints_nor_pickles() -> None:
    (key,) = canaries(1)
    secret = Secret(key, "env:X")
    assert shown_of([key], f"{secret} {secret!r} {secret:>40}") == []
    with pytest.raises(TypeError):
        pickle.dumps(secret)


async def test_rotation_reaches_the_next_call_and_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-first-0123456789")
    file.chmod(0o600)
    async with upstream() as up:
        up.say([answer()])
        given = settings(up.url)
        given["providers"]["up"]["credential_ref"] = f"file:{file}"
        async with open_gateway(given, env={}) as gateway:
            ask = ChatRequest(model="fast", messages=(user("hi"),))
            await gateway.chat(ask)
            file.write_text("sk-second-0123456789")
            await asyncio.sleep(0.6)
            await gateway.chat(ask)
            assert [seen.headers["authorization"] for seen in up.seen] == [
                "Bearer sk-first-0123456789",
                "Bearer sk-second-0123456789",
            ]
            assert "lockgate_client_rotation_total{" in gateway.metrics.exposition().decode()
            file.unlink()
            await asyncio.sleep(0.6)
            await gateway.chat(ask)
            assert "lockgate_stale_key_total{" in gateway.metrics.exposition().decode()
