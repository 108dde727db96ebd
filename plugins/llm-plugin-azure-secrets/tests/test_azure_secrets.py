"""Azure Key Vault by the bytes that its REST reference shows."""

import json
from typing import Any

import msgspec
import pytest

from llm_plugin_azure_secrets.managed import ManagedIdentity
from llm_plugin_azure_secrets.store import AZURE_KV, AzureSecretsSettings
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp

TOKEN = "eyJ0.CANARY-0123456789abcdef"
ENTRA = {"auth": "entra", "tenant_id": "t", "client_id": "c", "credential_ref": "env:OWN"}


def says(value: Any, status: int = 200) -> Exchange:
    return Exchange(status=status, chunks=(json.dumps(value).encode(),))


def granted(token: str = TOKEN) -> Exchange:
    """The metadata service gives its numbers as strings."""
    return says({"access_token": token, "expires_in": "3599", "resource": "https://vault.azure.net"})


def bundle(text: str) -> Exchange:
    return says(
        {"value": text, "id": "https://acme.vault.azure.net/secrets/openai/4387", "attributes": {"enabled": True}}
    )


async def local(ref: str) -> Secret:
    return Secret("client-secret", ref)


def store(http: ScriptedHttp, **settings: Any) -> Any:
    given = msgspec.convert({"vault_url": "https://acme.vault.azure.net", **settings}, AzureSecretsSettings)
    return AZURE_KV.build(given, BuildContext("secrets-azure-kv", http, secret=local))


async def test_a_machine_asks_for_a_token_and_then_for_the_secret() -> None:
    http = ScriptedHttp(granted(), bundle(" sk-1"), bundle("sk-2"))
    secrets = store(http)
    assert (await secrets.fetch("azure-kv:openai")).reveal() == "sk-1"
    tokens, access = http.requests
    assert (str(tokens.origin), dict(tokens.headers)["metadata"]) == ("http://169.254.169.254", "true")
    assert "resource=https%3A%2F%2Fvault.azure.net" in tokens.target
    assert (str(access.origin), access.target) == ("https://acme.vault.azure.net", "/secrets/openai?api-version=7.4")
    assert dict(access.headers)["authorization"] == f"Bearer {TOKEN}"
    assert (await secrets.fetch("azure-kv:other")).reveal() == "sk-2"
    assert len(http.requests) == 3, "the token is kept"
    assert http.leaks == []
    await secrets.aclose()


async def test_a_client_of_entra_a_version_and_a_field() -> None:
    http = ScriptedHttp(says({"access_token": TOKEN, "expires_in": 3599}), bundle('{"key": "sk-1"}'))
    version = "4387e9f3d6e14c459867679a90fd0f79"
    assert (await store(http, **ENTRA).fetch(f"azure-kv:openai/{version}#key")).reveal() == "sk-1"
    assert b"scope=https%3A%2F%2Fvault.azure.net%2F.default" in http.requests[0].body
    assert http.requests[1].target == f"/secrets/openai/{version}?api-version=7.4"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([says({"error": "invalid_request"}, 400)], "no such managed identity"),
        ([Exchange(chunks=(b"<html>",))], "no token"),
        ([granted(), says({"error": {"code": "Forbidden", "message": TOKEN}}, 403)], "Key Vault Secrets User"),
        ([granted(), says({"error": {"code": "SecretNotFound"}}, 404)], "no such secret"),
        ([granted(), NoAnswer("refused")], "cannot be asked"),
        ([granted(), says({"x": 1})], "no secret"),
    ],
)
async def test_what_goes_wrong_is_told_by_the_reference(script: list[Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        await store(ScriptedHttp(*script)).fetch("azure-kv:openai")
    assert "azure-kv:openai" in caught.value.message
    assert TOKEN not in caught.value.message


@pytest.mark.parametrize("ref", ["azure-kv:a_b", "azure-kv:a/b", "azure-kv:a?x=1"])
async def test_a_name_that_cannot_be(ref: str) -> None:
    with pytest.raises(SettingsError, match="names no secret"):
        await store(ScriptedHttp()).fetch(ref)


async def test_a_token_that_still_holds_outlives_a_failure_to_renew_it() -> None:
    now = [0.0]
    http = ScriptedHttp(granted("t1"), NoAnswer("refused"), NoAnswer("refused"))
    identity = ManagedIdentity(http, "https://vault.azure.net", "client", lambda: now[0])
    request = HttpRequest("GET", Origin("https", "acme.vault.azure.net", 443), "/")
    for at in (0.0, 3500.0):
        now[0] = at
        assert ("authorization", "Bearer t1") in (await identity.sign(request, None)).headers
    assert "client_id=client" in http.requests[0].target
    now[0] = 3600.0
    with pytest.raises(SettingsError, match="cannot be asked"):
        await identity.sign(request, None)


def test_its_allowance_and_what_its_settings_must_say() -> None:
    machine = AzureSecretsSettings(vault_url="https://acme.vault.azure.net")
    assert [str(origin) for origin in AZURE_KV.origins(machine)] == [
        "https://acme.vault.azure.net",
        "http://169.254.169.254",
    ]
    assert AZURE_KV.private_addresses(machine) == ("169.254.169.254/32",)
    client = msgspec.convert({"vault_url": "https://acme.vault.azure.net", **ENTRA}, AzureSecretsSettings)
    assert str(AZURE_KV.origins(client)[1]) == "https://login.microsoftonline.com"
    for missing in ("tenant_id", "client_id", "credential_ref"):
        with pytest.raises(SettingsError, match="credential_ref"):
            store(ScriptedHttp(), **{name: value for name, value in ENTRA.items() if name != missing})
    with pytest.raises(SettingsError, match="vault_url"):
        store(ScriptedHttp(), vault_url="https://acme.vault.azure.net/secrets")
