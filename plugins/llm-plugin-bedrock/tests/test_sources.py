"""Credentials from elsewhere: fetched through the HttpPort, kept, and renewed in time."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from llm_plugin_bedrock.cached import CachedCredentials
from llm_plugin_bedrock.credentials import Credentials
from llm_plugin_bedrock.kinds import BEDROCK
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from llm_plugin_bedrock.settings import BedrockSettings
from llm_plugin_bedrock.sources import source_of
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import LockgateError, SettingsError, UpstreamError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.model import Attempt
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp
from lockgate_ports.wire import Request

HANDED = json.dumps(
    {"AccessKeyId": "ASIAHANDED", "SecretAccessKey": "s3cr3t", "Token": "t0ken", "Expiration": "2026-01-01T00:00:00Z"}
).encode()
STS = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <SessionToken>t0ken/+==</SessionToken><SecretAccessKey>s3cr3t</SecretAccessKey>
    <Expiration>2026-01-01T00:00:00Z</Expiration><AccessKeyId>ASIASTS</AccessKeyId>
  </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"""
NEW_YEAR = 1767225600.0


def fetch(http: ScriptedHttp, env: dict[str, str] | None = None, **settings: Any) -> Any:
    source = source_of(
        msgspec.convert({"region": "eu-west-1", **settings}, BedrockSettings),
        BuildContext("aws", http, env=env or {}),
        lambda: 1000.0,
    )
    assert source is not None
    return source()


async def test_an_instance_is_asked_for_a_token_then_its_role_then_its_keys() -> None:
    http = ScriptedHttp(Exchange(chunks=(b"imds-token",)), Exchange(chunks=(b"my role",)), Exchange(chunks=(HANDED,)))
    http.script[1] = Exchange(chunks=(b"my-role\n",))
    keys = await fetch(http, auth="instance")
    assert (keys.access_key_id, keys.session_token, keys.expires_at) == ("ASIAHANDED", "t0ken", NEW_YEAR)
    assert [(each.method, each.target) for each in http.requests] == [
        ("PUT", "/latest/api/token"),
        ("GET", "/latest/meta-data/iam/security-credentials/"),
        ("GET", "/latest/meta-data/iam/security-credentials/my-role"),
    ]
    assert all(("x-aws-ec2-metadata-token", "imds-token") in each.headers for each in http.requests[1:])
    assert http.leaks == []


@pytest.mark.parametrize(
    ("env", "settings", "asked"),
    [
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x?id=1"}, {}, "http://169.254.170.2/v2/x?id=1"),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
            {"container_url": "http://169.254.170.23"},
            "http://169.254.170.23/v1/credentials",
        ),
        ({}, {"container_url": "http://127.0.0.1:9/creds"}, "http://127.0.0.1:9/creds"),
    ],
)
async def test_a_container_asks_the_place_it_was_told(env: dict[str, str], settings: Any, asked: str) -> None:
    http = ScriptedHttp(Exchange(chunks=(HANDED,)))
    keys = await fetch(http, {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok", **env}, auth="container", **settings)
    assert keys.access_key_id == "ASIAHANDED"
    (request,) = http.requests
    assert f"{request.origin}{request.target}" == asked
    assert ("authorization", "tok") in request.headers


def test_a_container_that_points_elsewhere_is_refused_at_build() -> None:
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.test/creds"}
    with pytest.raises(SettingsError, match="container_url"):
        fetch(ScriptedHttp(), env, auth="container")


async def test_a_web_identity_is_exchanged_at_the_regions_sts(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("header.payload.sign\n")
    http = ScriptedHttp(Exchange(chunks=(STS,)))
    env = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    keys = await fetch(http, env, auth="web-identity")
    assert keys == Credentials(
        access_key_id="ASIASTS", secret_access_key="s3cr3t", session_token="t0ken/+==", expires_at=NEW_YEAR
    )
    (request,) = http.requests
    assert (str(request.origin), request.target) == ("https://sts.eu-west-1.amazonaws.com", "/")
    asked = parse_qs(request.body.decode())
    assert asked["Action"] == ["AssumeRoleWithWebIdentity"]
    assert (asked["RoleArn"], asked["WebIdentityToken"]) == (["arn:aws:iam::1:role/r"], ["header.payload.sign"])


async def test_a_refused_web_identity_says_why_without_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("header.payload.sign")
    said = b"<ErrorResponse><Error><Message>bad header.payload.sign</Message></Error></ErrorResponse>"
    http = ScriptedHttp(Exchange(status=403, chunks=(said,)))
    settings = {"role_arn": "arn:aws:iam::1:role/r", "web_identity_token_file": str(tmp_path / "token")}
    with pytest.raises(UpstreamError, match=r"STS gave no credentials \(403\): bad \[redacted\]") as caught:
        await fetch(http, auth="web-identity", **settings)
    assert (caught.value.kind, caught.value.sent) == ("auth", False)


@pytest.mark.parametrize("answer", [Exchange(chunks=(b"<html>",)), Exchange(status=404), Exchange(status=500)])
async def test_a_source_that_gives_nothing_is_an_error_that_names_it(answer: Exchange) -> None:
    http = ScriptedHttp(answer)
    with pytest.raises(UpstreamError, match="container") as caught:
        await fetch(http, {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, auth="container")
    assert caught.value.kind == ("transient" if answer.status == 500 else "auth")
    assert http.leaks == []


@pytest.mark.parametrize("fault", ["refused", "lost", "timeout"])
async def test_a_source_that_is_out_of_reach_leaves_the_model_unasked(fault: Any) -> None:
    with pytest.raises(UpstreamError, match="no credentials from the container") as caught:
        await fetch(ScriptedHttp(NoAnswer(fault)), {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, auth="container")
    assert not caught.value.sent


async def test_a_cancelled_fetch_drops_its_response() -> None:
    http = ScriptedHttp(Exchange(chunks=(b"{",), ending="stall"))
    env = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}
    call = asyncio.create_task(fetch(http, env, auth="container"))
    await asyncio.sleep(0.02)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert http.leaks == []


async def test_a_profile_is_read_from_the_shared_files(tmp_path: Path) -> None:
    shared, config = tmp_path / "credentials", tmp_path / "config"
    shared.write_text("[default]\naws_access_key_id = AKIAONE\naws_secret_access_key = one\n")
    config.write_text(
        "[profile two]\naws_access_key_id = AKIATWO\naws_secret_access_key = two\naws_session_token = t\n"
        "[profile roled]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = two\n"
    )
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(shared), "AWS_CONFIG_FILE": str(config)}
    one = await fetch(ScriptedHttp(), env, auth="profile")
    two = await fetch(ScriptedHttp(), env, auth="profile", profile="two")
    assert (one.access_key_id, one.secret_access_key, one.session_token) == ("AKIAONE", "one", None)
    assert (two.access_key_id, two.session_token, two.expires_at) == ("AKIATWO", "t", 1300.0)
    with pytest.raises(SettingsError, match="role_arn"):
        await fetch(ScriptedHttp(), env, auth="profile", profile="roled")
    with pytest.raises(SettingsError, match="no keys of this name"):
        await fetch(ScriptedHttp(), env, auth="profile", profile="three")


async def test_the_environment_is_the_one_handed_in() -> None:
    keys = await fetch(ScriptedHttp(), {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}, auth="env")
    assert keys.access_key_id == "AKIAENV"
    with pytest.raises(SettingsError, match="AWS_ACCESS_KEY_ID"):
        fetch(ScriptedHttp(), {}, auth="env")


class Source:
    """Hands out keys that last an hour from a clock moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.fetched = 0
        self.fault: LockgateError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.cached = CachedCredentials(self.fetch, lambda: self.now)

    async def fetch(self) -> Credentials:
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        self.fetched += 1
        return Credentials(access_key_id=f"K{self.fetched}", secret_access_key="s", expires_at=self.now + 3600)

    async def key(self) -> str:
        return (await self.cached.get()).access_key_id


async def test_keys_are_kept_and_renewed_before_they_end() -> None:
    source = Source()
    assert [await source.key(), await source.key()] == ["K1", "K1"]
    source.now = 3299
    assert await source.key() == "K1"
    source.now = 3301
    assert await source.key() == "K2"


async def test_many_callers_fetch_once() -> None:
    source = Source()
    source.gate.clear()
    calls = [asyncio.create_task(source.key()) for _ in range(20)]
    await asyncio.sleep(0)
    source.gate.set()
    assert set(await asyncio.gather(*calls)) == {"K1"}
    assert source.fetched == 1


async def test_while_one_renews_the_others_go_on() -> None:
    source = Source()
    await source.key()
    source.now = 3400
    source.gate.clear()
    renewing = asyncio.create_task(source.key())
    await asyncio.sleep(0)
    assert await source.key() == "K1"
    source.gate.set()
    assert await renewing == "K2"


async def test_a_source_that_fails_is_forgiven_while_the_keys_serve() -> None:
    source = Source()
    await source.key()
    source.fault = UpstreamError("down", kind="transient")
    source.now = 3400
    assert await source.key() == "K1"
    source.now = 3590
    with pytest.raises(UpstreamError, match="down"):
        await source.key()


async def test_a_caller_that_goes_away_leaves_the_way_free() -> None:
    source = Source()
    source.gate.clear()
    gone = asyncio.create_task(source.key())
    await asyncio.sleep(0)
    gone.cancel()
    source.gate.set()
    assert await source.key() == "K1"


@pytest.mark.parametrize(
    ("settings", "origins"),
    [
        ({}, ["https://bedrock-runtime.eu-west-1.amazonaws.com"]),
        ({"region": "cn-north-1"}, ["https://bedrock-runtime.cn-north-1.amazonaws.com.cn"]),
        ({"base_url": "http://10.0.0.1:1/x"}, ["http://10.0.0.1:1"]),
        (
            {"auth": "web-identity"},
            ["https://bedrock-runtime.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"],
        ),
        ({"auth": "instance"}, ["https://bedrock-runtime.eu-west-1.amazonaws.com", "http://169.254.169.254"]),
        ({"auth": "container"}, ["https://bedrock-runtime.eu-west-1.amazonaws.com", "http://169.254.170.2"]),
    ],
)
def test_every_place_that_is_asked_is_declared(settings: dict[str, Any], origins: list[str]) -> None:
    read = msgspec.convert({"region": "eu-west-1", **settings}, BedrockSettings)
    assert [str(origin) for origin in BEDROCK.origins(read)] == origins


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "region"),
        ({"region": "Frankfurt"}, "no AWS region"),
        ({"base_url": "bedrock"}, "base_url"),
        ({"region": "us-east-1", "auth": "instance", "metadata_url": "x"}, "metadata_url"),
    ],
)
def test_settings_that_lead_nowhere_are_refused_by_name(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        BEDROCK.origins(msgspec.convert(settings, BedrockSettings))


async def test_a_call_is_signed_with_fetched_keys() -> None:
    http = ScriptedHttp(Exchange(chunks=(HANDED,)), *(Exchange(chunks=(BEDROCK_CONVERSE.text.body,)) for _ in "12"))
    env = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}
    # far from the end of 2025 the keys look old: they are asked for anew no sooner than the pause says
    settings = BedrockSettings(region="eu-west-1", auth="container")
    model = BEDROCK.build(settings, BuildContext("aws", http, env=env))
    view = ChatRequest(model="m", messages=(user("Hi"),))
    request = Request(operation="chat", model="m", stream=False, view=view)
    await model.chat(request, Attempt("amazon.nova-lite-v1:0"))
    signed = dict(http.requests[1].headers)
    assert signed["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIAHANDED/")
    assert signed["x-amz-security-token"] == "t0ken"
    with pytest.raises(SettingsError, match="takes no credential_ref"):
        await model.chat(request, Attempt("amazon.nova-lite-v1:0", Secret("AKIA:s", "env:K")))
