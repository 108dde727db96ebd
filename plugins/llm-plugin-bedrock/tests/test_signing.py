"""Signatures, against what botocore's own client puts on the wire; and the forms a secret may have."""

import calendar
import time
from typing import Any
from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.session
import pytest

from llm_plugin_bedrock.auth import BedrockAuth
from llm_plugin_bedrock.credentials import Credentials
from llm_plugin_bedrock.kinds import BEDROCK
from llm_plugin_bedrock.settings import BedrockSettings
from llm_plugin_bedrock.signing import load_signer
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import SettingsError, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, split_url
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import KEY as CANARY
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.testkit.keys import shows_key, told_by
from lockgate_ports.wire import Request

KEY, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzEXAMPLE//token=="
MODELS = (
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.amazon.nova-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
)
REQUEST = HttpRequest(
    "POST",
    split_url("https://bedrock-runtime.us-east-1.amazonaws.com")[0],
    "/model/amazon.nova-lite-v1%3A0/converse",
    (("content-type", "application/json"), ("accept", "application/json")),
    b'{"messages":[]}',
)


def sent_by_botocore(model: str, token: str | None, endpoint: str | None) -> Any:
    session = botocore.session.Session()
    session.set_credentials(KEY, SECRET, token)
    client = session.create_client("bedrock-runtime", region_name="us-east-1", endpoint_url=endpoint)
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> Any:
        sent.append(request)
        response = botocore.awsrequest.AWSResponse(request.url, 200, {"content-type": "application/json"}, None)
        response._content = b'{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn"}'
        return response

    client.meta.events.register("before-send.bedrock-runtime.Converse", answer)
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "Grüß Gott"}]}])
    return sent[0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:8443"])
def test_a_signature_is_the_one_that_botocores_client_sends(
    model: str, token: str | None, endpoint: str | None
) -> None:
    theirs = sent_by_botocore(model, token, endpoint)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value for name, value in theirs.headers.items()
    }
    url = urlsplit(theirs.url)
    request = HttpRequest(
        "POST",
        split_url(f"{url.scheme}://{url.netloc}")[0],
        url.path,
        (("content-type", headers["content-type"]),),
        theirs.body,
    )
    now = calendar.timegm(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ"))
    keys = Credentials(access_key_id=KEY, secret_access_key=SECRET, session_token=token)
    ours = dict(load_signer().sign(request, keys, "us-east-1", now).headers)
    assert ours["authorization"] == headers["authorization"]
    assert ours["x-amz-date"] == headers["x-amz-date"]
    assert ours.get("x-amz-security-token") == headers.get("x-amz-security-token") == token


def auth(style: Any = None, access_key_id: str | None = None) -> BedrockAuth:
    return BedrockAuth(style, "us-east-1", access_key_id, None, lambda: 1_760_000_000.0)


async def signed(secret: str | None, **options: Any) -> dict[str, str]:
    given = Secret(secret, "env:K") if secret is not None else None
    return dict((await auth(**options).sign(REQUEST, given)).headers)


@pytest.mark.parametrize(
    ("secret", "options"),
    [
        (f"{KEY}:{SECRET}", {}),
        (f"{KEY}:{SECRET}:{TOKEN}", {}),
        (f'{{"access_key_id":"{KEY}","secret_access_key":"{SECRET}"}}', {"style": "sigv4"}),
        (f'{{"access_key_id":"{KEY}","secret_access_key":"{SECRET}","session_token":"{TOKEN}"}}', {}),
        (SECRET, {"access_key_id": KEY}),
    ],
)
async def test_every_form_of_a_key_pair_signs_alike(secret: str, options: dict[str, Any]) -> None:
    headers = await signed(secret, **options)
    keys = Credentials(access_key_id=KEY, secret_access_key=SECRET, session_token=TOKEN if TOKEN in secret else None)
    assert headers == dict(load_signer().sign(REQUEST, keys, "us-east-1", 1_760_000_000.0).headers)
    assert headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={KEY}/20251009/us-east-1/bedrock/")


async def test_a_large_body_is_signed_too() -> None:
    from msgspec import structs

    large = structs.replace(REQUEST, body=b"x" * 300_000)
    given = Secret(f"{KEY}:{SECRET}")
    keys = Credentials(access_key_id=KEY, secret_access_key=SECRET)
    assert await auth().sign(large, given) == load_signer().sign(large, keys, "us-east-1", 1_760_000_000.0)


@pytest.mark.parametrize("style", [None, "bearer"])
async def test_a_bedrock_api_key_goes_as_a_bearer_token(style: str | None) -> None:
    assert (await signed("ABSKexample", style=style))["authorization"] == "Bearer ABSKexample"


@pytest.mark.parametrize(
    ("secret", "options", "says"),
    [
        (None, {}, "needs credentials"),
        ("ABSKexample-of-a-key", {"style": "sigv4"}, "auth: bearer"),
        ('{"access_key_id":"AKIDEXAMPLE","secret":"wJalrXUtnFEMI"}', {}, "session_token"),
        ("AKIDEXAMPLE:", {}, "empty"),
        ("AKIDEXAMPLE:with space", {}, "spaces"),
    ],
)
async def test_a_secret_of_another_form_is_refused_without_showing_it(
    secret: str | None, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        await signed(secret, **options)
    assert secret is None or not any(word in str(caught.value) for word in ("wJalr", "ABSKex", "with space"))


def test_credentials_do_not_print_their_secrets() -> None:
    keys = Credentials(access_key_id=KEY, secret_access_key=SECRET, session_token=TOKEN)
    assert SECRET not in repr(keys)
    assert TOKEN not in repr(keys)


async def test_a_fetched_session_token_that_bedrock_echoes_shows_in_no_error() -> None:
    session = f"{CANARY}//session=="
    env = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": session}
    echo = f'{{"message":"The security token {session} is expired"}}'.encode()
    http = ScriptedHttp(Exchange(status=403, chunks=(echo,)))
    provider = BEDROCK.build(BedrockSettings(region="us-east-1", auth="env"), BuildContext("aws", http, env=env))
    view = ChatRequest(model="m", messages=(user("Hi"),))
    with pytest.raises(UpstreamError, match="is expired") as caught:
        await provider.chat(Request(operation="chat", model="m", stream=False, view=view), Attempt(MODELS[0]))
    assert ("x-amz-security-token", session) in http.requests[0].headers
    assert not shows_key(*told_by(caught.value), repr(http.requests[0]))
