"""Entra ID: one token for many calls, a new one in time, and no secret in what goes wrong."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from llm_plugin_azure.entra import EntraAuth, Grant
from llm_plugin_azure.kind import AZURE_OPENAI, AzureSettings
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import KEY, Exchange, ScriptedHttp
from lockgate_ports.testkit.keys import shows_key, told_by
from lockgate_ports.wire import Request

_LOGIN = Origin("https", "login.microsoftonline.com", 443)
_GRANT = Grant(origin=_LOGIN, prefix="", tenant_id="ten/ant", client_id="client")
_CALL = HttpRequest("POST", Origin("https", "r.openai.azure.com", 443), "/openai/v1/chat/completions")
_SECRET = Secret("s3cret~&+")


class Hand:
    """A clock that is moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _token(value: str, lasts: Any = 3600) -> Exchange:
    return Exchange(chunks=(json.dumps({"access_token": value, "expires_in": lasts, "token_type": "Bearer"}).encode(),))


def _refused(status: int, **said: str) -> Exchange:
    return Exchange(status=status, chunks=(json.dumps(said).encode(),))


async def _bearer(auth: EntraAuth, secret: Secret = _SECRET) -> str:
    (value,) = [value for name, value in (await auth.sign(_CALL, secret)).headers if name == "authorization"]
    return value


async def test_a_token_is_asked_for_by_client_credentials() -> None:
    http = ScriptedHttp(_token("t1"))
    assert await _bearer(EntraAuth(_GRANT, http, Hand())) == "Bearer t1"
    (asked,) = http.requests
    assert (asked.method, asked.origin, asked.target) == ("POST", _LOGIN, "/ten%2Fant/oauth2/v2.0/token")
    assert {name: value[0] for name, value in parse_qs(asked.body.decode()).items()} == {
        "grant_type": "client_credentials",
        "client_id": "client",
        "client_secret": "s3cret~&+",
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    assert http.leaks == []


async def test_calls_share_a_token_until_shortly_before_its_end() -> None:
    http, clock = ScriptedHttp(_token("t1"), _token("t2", "3600")), Hand()
    auth = EntraAuth(_GRANT, http, clock)
    assert await asyncio.gather(*(_bearer(auth) for _ in range(5))) == ["Bearer t1"] * 5
    clock.now = 3299
    assert await _bearer(auth) == "Bearer t1"
    clock.now = 3300
    assert await asyncio.gather(*(_bearer(auth) for _ in range(5))) == ["Bearer t2"] * 5
    assert len(http.requests) == 2


async def test_a_token_outlives_a_failure_of_entra_while_it_holds() -> None:
    http, clock = ScriptedHttp(_token("t1"), _refused(503), _refused(503)), Hand()
    auth = EntraAuth(_GRANT, http, clock)
    await _bearer(auth)
    clock.now = 3500
    assert await _bearer(auth) == "Bearer t1"
    clock.now = 3600
    with pytest.raises(UpstreamError) as caught:
        await _bearer(auth)
    assert (caught.value.kind, caught.value.sent) == ("transient", False)


async def test_a_changed_secret_gets_a_token_of_its_own() -> None:
    http = ScriptedHttp(_token("t1"), _refused(401, error="invalid_client"))
    auth = EntraAuth(_GRANT, http, Hand())
    await _bearer(auth)
    with pytest.raises(UpstreamError):
        await _bearer(auth, Secret("other"))
    assert await _bearer(auth) == "Bearer t1"


async def test_a_client_that_entra_refuses_is_told_why_and_no_secret_shows() -> None:
    why = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1"
    http = ScriptedHttp(_refused(401, error="invalid_client", error_description=why))
    auth = EntraAuth(_GRANT, http, Hand())
    with pytest.raises(UpstreamError) as caught:
        await _bearer(auth)
    error = caught.value
    assert (error.kind, error.upstream_code) == ("auth", "invalid_client")
    assert "AADSTS7000215" in error.message
    assert "client_id" in error.message
    assert "s3cret" not in repr(error) + repr(auth) + repr(vars(auth))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (_refused(429), "rate_limit"),
        (Exchange(status=502, chunks=(b"<html>",)), "transient"),
        (Exchange(chunks=(b"{}",)), "transient"),
        (Exchange(chunks=(b'{"access_token":"t1"',)), "transient"),
    ],
)
async def test_what_is_no_token_is_an_error_of_its_kind(answer: Exchange, kind: str) -> None:
    http = ScriptedHttp(answer)
    with pytest.raises(UpstreamError) as caught:
        await _bearer(EntraAuth(_GRANT, http, Hand()))
    assert caught.value.kind == kind
    assert http.leaks == []


async def test_without_a_secret_there_is_nothing_to_ask_with() -> None:
    with pytest.raises(SettingsError, match="credential_ref"):
        await EntraAuth(_GRANT, ScriptedHttp(), Hand()).sign(_CALL, None)


@pytest.mark.parametrize("model", ["gpt", "claude-opus-4-6"])
async def test_a_token_that_azure_echoes_shows_in_no_error_and_no_log(
    model: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    echo = json.dumps({"error": {"code": "401", "message": f"Bearer {KEY} is not for us"}}).encode()
    http = ScriptedHttp(_token(KEY), Exchange(status=401, chunks=(echo,)))
    settings = AzureSettings(base_url="https://r.test", auth="entra", tenant_id="t", client_id="c")
    provider = AZURE_OPENAI.build(settings, BuildContext("az", http))
    view = ChatRequest(model="m", messages=(user("Hi"),))
    with pytest.raises(UpstreamError, match="is not for us") as caught:
        await provider.chat(Request(operation="chat", model="m", stream=False, view=view), Attempt(model, _SECRET))
    assert not shows_key(*told_by(caught.value), caplog.text)


async def test_a_token_that_is_held_shows_in_no_repr() -> None:
    auth = EntraAuth(_GRANT, ScriptedHttp(_token(KEY)), Hand())
    signed = await auth.sign(_CALL, _SECRET)
    assert not shows_key(repr(vars(auth)), repr(signed))
