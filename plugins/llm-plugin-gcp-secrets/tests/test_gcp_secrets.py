"""Google Cloud's Secret Manager by the bytes that its REST reference shows."""

import json
from base64 import b64encode
from typing import Any

import msgspec
import pytest

from llm_plugin_gcp_secrets.store import GCP_SM, GcpSecretsSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp

TOKEN = "ya29.CANARY-0123456789abcdef"


def says(value: Any, status: int = 200) -> Exchange:
    return Exchange(status=status, chunks=(json.dumps(value).encode(),))


def granted() -> Exchange:
    return says({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})


def version(text: str) -> Exchange:
    data = {"data": b64encode(text.encode()).decode(), "dataCrc32c": "1"}
    return says({"name": "projects/1/secrets/openai/versions/3", "payload": data})


async def local(ref: str) -> Secret:
    return Secret(TOKEN, ref)


def store(http: ScriptedHttp, **settings: Any) -> Any:
    given = msgspec.convert({"project": "acme", **settings}, GcpSecretsSettings)
    return GCP_SM.build(given, BuildContext("secrets-gcp-sm", http, secret=local))


async def test_the_machine_asks_for_a_token_and_then_for_the_latest_version() -> None:
    http = ScriptedHttp(granted(), version("sk-1\n"))
    secrets = store(http)
    assert (await secrets.fetch("gcp-sm:openai")).reveal() == "sk-1"
    tokens, access = http.requests
    assert (str(tokens.origin), dict(tokens.headers)["metadata-flavor"]) == (
        "http://metadata.google.internal",
        "Google",
    )
    assert str(access.origin) == "https://secretmanager.googleapis.com"
    assert access.target == "/v1/projects/acme/secrets/openai/versions/latest:access"
    assert dict(access.headers)["authorization"] == f"Bearer {TOKEN}"
    assert http.leaks == []
    await secrets.aclose()


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("gcp-sm:openai/7", "projects/acme/secrets/openai/versions/7"),
        ("gcp-sm:projects/p/secrets/s", "projects/p/secrets/s/versions/latest"),
        ("gcp-sm:projects/p/secrets/s/versions/2#key", "projects/p/secrets/s/versions/2"),
    ],
)
async def test_versions_other_projects_and_fields(ref: str, name: str) -> None:
    http = ScriptedHttp(version('{"key": "sk-1"}'))
    secret = await store(http, credentials="secret", credential_ref="env:OWN").fetch(ref)
    assert http.requests[0].target == f"/v1/{name}:access"
    assert secret.reveal() == ("sk-1" if "#" in ref else '{"key": "sk-1"}')


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([NoAnswer("refused")], "no token"),
        ([granted(), says({"error": {"message": TOKEN}}, 403)], "secretAccessor"),
        ([granted(), says({"error": {"message": TOKEN}}, 404)], "no such secret"),
        ([granted(), NoAnswer("lost")], "cannot be asked"),
        ([granted(), says({"payload": {"data": "!"}})], "no text"),
    ],
)
async def test_what_goes_wrong_is_told_by_the_reference(script: list[Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        await store(ScriptedHttp(*script)).fetch("gcp-sm:openai")
    assert "gcp-sm:openai" in caught.value.message
    assert TOKEN not in caught.value.message


@pytest.mark.parametrize("ref", ["gcp-sm:a/b/c", "gcp-sm:projects/p/other/s"])
async def test_a_name_that_cannot_be(ref: str) -> None:
    with pytest.raises(SettingsError, match="projects/P/secrets/S"):
        await store(ScriptedHttp()).fetch(ref)


def test_its_allowance_and_its_own_credential() -> None:
    machine = GcpSecretsSettings()
    assert [str(origin) for origin in GCP_SM.origins(machine)][1] == "http://metadata.google.internal"
    assert GCP_SM.private_addresses(machine) == ("169.254.169.254/32",)
    keyed = GcpSecretsSettings(credentials="secret", credential_ref="env:X")
    assert [str(origin) for origin in GCP_SM.origins(keyed)][1] == "https://oauth2.googleapis.com"
    assert GCP_SM.private_addresses(keyed) == ()
    with pytest.raises(SettingsError, match="credential_ref"):
        store(ScriptedHttp(), credentials="secret", credential_ref="gcp-sm:own")
