"""Bearer tokens for Vertex AI: asked for through the one way out, kept, renewed, and shown nowhere."""

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from llm_plugin_google.tokens import GoogleAuth
from llm_plugin_google.vertex import VERTEX
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

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
_TOKENS = Origin("https", "oauth2.googleapis.com", 443)
_MACHINE = Origin("http", "metadata.google.internal", 80)
_ASKED = HttpRequest("POST", Origin("https", "aiplatform.googleapis.com", 443), "/v1/x")


def _account(**fields: Any) -> Secret:
    account = {"type": "service_account", "client_email": "bot@acme.test", "private_key": _PEM, "private_key_id": "k1"}
    return Secret(json.dumps(account | fields), "env:GOOGLE")


def _granted(token: str, seconds: int = 3600) -> Exchange:
    return Exchange(chunks=(json.dumps({"access_token": token, "expires_in": seconds}).encode(),))


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _auth(http: ScriptedHttp, clock: _Clock, metadata: Origin | None = None) -> GoogleAuth:
    return GoogleAuth(http, (_TOKENS, "/token"), metadata, wall=lambda: 1_700_000_000, clock=clock)


def _shown(request: HttpRequest) -> str:
    return dict(request.headers)["authorization"]


async def test_a_service_account_signs_for_a_token_and_keeps_it() -> None:
    http = ScriptedHttp(_granted("t1"))
    auth = _auth(http, _Clock())
    signed = await asyncio.gather(*(auth.sign(_ASKED, _account()) for _ in range(5)))
    assert {_shown(request) for request in signed} == {"Bearer t1"}
    (asked,) = http.requests
    assert (asked.origin, asked.target) == (_TOKENS, "/token")
    form = parse_qs(asked.body.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    (assertion,) = form["assertion"]
    assert jwt.get_unverified_header(assertion)["kid"] == "k1"
    claims = jwt.decode(
        assertion,
        _KEY.public_key(),
        algorithms=["RS256"],
        audience="https://oauth2.googleapis.com/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["iss"] == "bot@acme.test"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert claims["exp"] - claims["iat"] == 3600
    assert http.leaks == []


async def test_a_token_is_renewed_before_it_ends_and_used_while_none_newer_is_to_be_had() -> None:
    http = ScriptedHttp(_granted("t1"), Exchange(status=503, chunks=(b"",)), _granted("t2"))
    clock = _Clock()
    auth = _auth(http, clock)
    assert _shown(await auth.sign(_ASKED, _account())) == "Bearer t1"
    clock.now += 3400
    assert _shown(await auth.sign(_ASKED, _account())) == "Bearer t1"
    assert _shown(await auth.sign(_ASKED, _account())) == "Bearer t2"


async def test_two_accounts_have_a_token_each() -> None:
    http = ScriptedHttp(_granted("t1"), _granted("t2"))
    auth = _auth(http, _Clock())
    assert _shown(await auth.sign(_ASKED, _account())) == "Bearer t1"
    assert _shown(await auth.sign(_ASKED, _account(client_email="other@acme.test"))) == "Bearer t2"


async def test_a_refused_account_is_an_auth_error_that_shows_no_key() -> None:
    refusal = b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'
    auth = _auth(ScriptedHttp(Exchange(status=400, chunks=(refusal,))), _Clock())
    with pytest.raises(UpstreamError, match="Invalid JWT Signature") as caught:
        await auth.sign(_ASKED, _account())
    assert caught.value.kind == "auth"
    assert not caught.value.sent


async def test_the_machines_own_account_is_asked_for_its_token() -> None:
    http = ScriptedHttp(_granted("t1"))
    auth = _auth(http, _Clock(), _MACHINE)
    assert _shown(await auth.sign(_ASKED, None)) == "Bearer t1"
    (asked,) = http.requests
    assert (asked.method, asked.origin) == ("GET", _MACHINE)
    assert ("metadata-flavor", "Google") in asked.headers


async def test_a_users_refresh_token_is_exchanged() -> None:
    http = ScriptedHttp(_granted("t1"))
    secret = _account(type="authorized_user", refresh_token="r", client_id="i", client_secret="s")
    await _auth(http, _Clock()).sign(_ASKED, secret)
    assert parse_qs(http.requests[0].body.decode())["refresh_token"] == ["r"]


async def test_an_access_token_is_sent_as_it_is() -> None:
    http = ScriptedHttp()
    assert _shown(await _auth(http, _Clock()).sign(_ASKED, Secret("ya29.x", "env:T"))) == "Bearer ya29.x"
    assert http.requests == []


@pytest.mark.parametrize(
    ("secret", "says"),
    [
        (None, "needs a credential_ref"),
        (Secret("{nonsense", "env:G"), "not the JSON of a Google account"),
        (_account(type="external_account"), "are of type 'external_account'"),
        (_account(private_key="-----BEGIN lk-canary"), "no RSA key in PEM"),
    ],
)
async def test_credentials_that_are_none_are_refused_without_showing_them(secret: Secret | None, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        await _auth(ScriptedHttp(), _Clock()).sign(_ASKED, secret)
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_place_of_tokens_is_among_the_origins() -> None:
    settings = VERTEX.settings(project="acme", location="europe-west4")
    assert VERTEX.origins(settings) == (Origin("https", "europe-west4-aiplatform.googleapis.com", 443), _TOKENS)
    machine = VERTEX.settings(project="acme", credentials="metadata")
    assert VERTEX.origins(machine) == (Origin("https", "aiplatform.googleapis.com", 443), _MACHINE)


@pytest.mark.parametrize(("project", "location"), [("a/../b", "global"), ("a", "evil.test/")])
def test_a_project_or_location_that_would_change_the_address_is_refused(project: str, location: str) -> None:
    settings = VERTEX.settings(project=project, location=location)
    with pytest.raises(SettingsError, match="is no name that Google Cloud gives"):
        VERTEX.build(settings, BuildContext("v", ScriptedHttp()))


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "claude-opus-4-6", "meta/llama-4"])
async def test_a_token_that_google_echoes_shows_in_no_error_and_no_log(
    model: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    echo = json.dumps({"error": {"code": 401, "message": f"no {KEY} here", "status": "UNAUTHENTICATED"}}).encode()
    http = ScriptedHttp(_granted(KEY), Exchange(status=401, chunks=(echo,)))
    provider = VERTEX.build(VERTEX.settings(project="acme", credentials="metadata"), BuildContext("v", http))
    view = ChatRequest(model="m", messages=(user("Hi"),))
    with pytest.raises(UpstreamError, match="here") as caught:
        await provider.chat(Request(operation="chat", model="m", stream=False, view=view), Attempt(model))
    assert not shows_key(*told_by(caught.value), caplog.text)


async def test_what_a_token_is_asked_for_with_shows_neither() -> None:
    refusals = ScriptedHttp()
    auth = _auth(refusals, _Clock())

    async def send(request: HttpRequest) -> Any:
        refusals.requests.append(request)
        (given,) = parse_qs(request.body.decode())["assertion"]
        said = json.dumps({"error": "invalid_grant", "error_description": f"bad: {given}"}).encode()
        return await ScriptedHttp(Exchange(status=400, chunks=(said,))).send(request)

    refusals.send = send  # type: ignore[method-assign]
    with pytest.raises(UpstreamError, match="bad: ") as caught:
        await auth.sign(_ASKED, _account())
    (given,) = parse_qs(refusals.requests[0].body.decode())["assertion"]
    assert not any(given[at : at + 12] in text for text in told_by(caught.value) for at in range(0, len(given), 12))


async def test_a_token_that_is_held_shows_in_no_repr() -> None:
    auth = _auth(ScriptedHttp(_granted(KEY)), _Clock(), _MACHINE)
    signed = await auth.sign(_ASKED, None)
    assert not shows_key(repr(vars(auth)), repr(signed))
