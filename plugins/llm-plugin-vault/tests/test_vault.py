"""Vault by scripted bytes: both versions of the engine, every way of signing in, leases, and what goes wrong."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from llm_plugin_vault.kind import VAULT, VaultSettings
from llm_plugin_vault.session import Login, Place, Session
from llm_plugin_vault.store import VaultSecrets
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Origin
from lockgate_ports.secret import Secret
from lockgate_ports.testkit import Exchange, NoAnswer, ScriptedHttp

CANARY = "hvs.CANARY7f3c9a1e5b7d2c4f"
HERE = Origin("https", "vault.corp.example", 8200)


def says(value: Any, status: int = 200) -> Exchange:
    return Exchange(status=status, chunks=(json.dumps(value).encode(),))


def lookup(ttl: float = 0, renewable: bool = False) -> Exchange:
    """What auth/token/lookup-self answers."""
    return says({"data": {"id": CANARY, "ttl": ttl, "renewable": renewable, "policies": ["default"], "path": "x"}})


def granted(token: str = CANARY, lease: float = 3600, renewable: bool = True) -> Exchange:
    return says({"auth": {"client_token": token, "lease_duration": lease, "renewable": renewable}, "data": None})


def kv2(**fields: str) -> Exchange:
    metadata = {"created_time": "2026-01-01T00:00:00Z", "destroyed": False, "version": 3}
    return says({"request_id": "r", "lease_duration": 0, "data": {"data": fields, "metadata": metadata}})


async def local(ref: str) -> Secret:
    return Secret(CANARY, ref)


def store(http: ScriptedHttp, **settings: Any) -> Any:
    given = msgspec.convert({"address": "https://vault.corp.example:8200", **settings}, VaultSettings)
    return VAULT.build(given, BuildContext("secrets-vault", http, secret=local))


def asked(http: ScriptedHttp) -> list[str]:
    return [f"{each.method} {each.target}" for each in http.requests]


async def test_a_field_of_a_secret_of_the_second_version() -> None:
    http = ScriptedHttp(lookup(), kv2(key=" sk-1 ", org="acme"))
    secrets = store(http, namespace="team-a")
    secret = await secrets.fetch("vault:llm/open ai#key")
    assert (secret.reveal(), secret.ref) == ("sk-1", "vault:llm/open ai#key")
    assert asked(http) == ["GET /v1/auth/token/lookup-self", "GET /v1/secret/data/llm/open%20ai"]
    headers = dict(http.requests[1].headers)
    assert (headers["x-vault-token"], headers["x-vault-namespace"]) == (CANARY, "team-a")
    assert (await secrets.fetch("vault:llm/open ai#org")).reveal() == "acme"
    assert len(http.requests) == 2, "one document, one request"
    assert http.leaks == []
    await secrets.aclose()


async def test_the_first_version_and_a_path_that_begins_with_the_mount() -> None:
    http = ScriptedHttp(lookup(), says({"data": {"value": "sk-1"}, "lease_duration": 2764800}))
    secrets = store(http, kv=1, mount="kv/team")
    assert (await secrets.fetch("vault:kv/team/openai")).reveal() == "sk-1"
    assert asked(http)[1] == "GET /v1/kv/team/openai"
    await secrets.aclose()


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("vault:llm", "2 fields"),
        ("vault:llm#nope", "no 'nope'"),
        ("vault:llm#blank", "blank"),
        ("vault:", "no place"),
        ("vault:../sys/seal#x", "no place"),
    ],
)
async def test_what_is_not_there_is_told_by_its_reference(ref: str, words: str) -> None:
    http = ScriptedHttp(lookup(), kv2(key=CANARY, blank=" "))
    secrets = store(http)
    with pytest.raises(SettingsError, match=words) as caught:
        await secrets.fetch(ref)
    assert ref in caught.value.message
    assert CANARY not in caught.value.message
    await secrets.aclose()


async def test_an_approle_signs_in_and_its_token_is_renewed_until_the_end() -> None:
    http = ScriptedHttp(granted("t1", 60), kv2(key="sk-1"))
    secrets = store(http, auth="approle", role_id="role", secret_id_ref="file:/x", auth_mount="ci")
    assert (await secrets.fetch("vault:llm#key")).reveal() == "sk-1"
    assert asked(http)[0] == "POST /v1/auth/ci/login"
    assert json.loads(http.requests[0].body) == {"role_id": "role", "secret_id": CANARY}
    assert "x-vault-token" not in dict(http.requests[0].headers)
    await secrets.aclose()


async def test_a_pod_signs_in_with_what_its_file_says_at_the_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("jwt-1\n")
    http = ScriptedHttp(granted("t1", 0, False), kv2(key="sk-1"))
    secrets = store(http, auth="kubernetes", role="gateway", jwt_file=str(file))
    await secrets.fetch("vault:llm#key")
    assert asked(http)[0] == "POST /v1/auth/kubernetes/login"
    assert json.loads(http.requests[0].body) == {"role": "gateway", "jwt": "jwt-1"}
    await secrets.aclose()
    with pytest.raises(SettingsError, match="jwt_file"):
        await store(ScriptedHttp(), auth="kubernetes", role="g", jwt_file="/nope").fetch("vault:llm#key")


async def test_a_token_that_was_revoked_is_replaced_once() -> None:
    refusal = says({"errors": ["permission denied"]}, 403)
    http = ScriptedHttp(granted("t1", 0, False), refusal, granted("t2", 0, False), kv2(key="sk-1"))
    secrets = store(http, auth="approle", role_id="role", secret_id_ref="env:X")
    assert (await secrets.fetch("vault:llm#key")).reveal() == "sk-1"
    assert [dict(each.headers).get("x-vault-token") for each in http.requests] == [None, "t1", None, "t2"]
    http.script += [refusal, granted("t3", 0, False), refusal]
    with pytest.raises(SettingsError, match=r"vault:other#key: vault answers 403; .*policy"):
        await secrets.fetch("vault:other#key")
    await secrets.aclose()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([NoAnswer("refused")], "cannot be asked"),
        ([says({"errors": [CANARY]}, 403)], "does not accept"),
        ([says({"errors": []}, 503)], "sealed"),
        ([lookup(), says({"errors": [CANARY]}, 404)], "no such secret"),
        ([lookup(), says({"data": {"data": None, "metadata": {}}})], "no secret"),
        ([lookup(), Exchange(chunks=(b"<html>",))], "no secret"),
        ([Exchange(chunks=(b"{}",))], "no token"),
    ],
)
async def test_nothing_that_vault_says_is_repeated(answers: list[Any], words: str) -> None:
    http = ScriptedHttp(*answers)
    secrets = store(http)
    with pytest.raises(SettingsError, match=words) as caught:
        await secrets.fetch("vault:llm#key")
    assert CANARY not in caught.value.message
    assert http.leaks == []
    await secrets.aclose()


class Time:
    """A clock that moves when somebody sleeps; each sleep waits to be let go."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.gate = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.gate.wait()
        self.gate.clear()
        self.now += seconds

    async def pass_one(self) -> None:
        self.gate.set()
        for _ in range(20):
            await asyncio.sleep(0)


def timed(http: ScriptedHttp, time: Time, fetch: Callable[[], Awaitable[Secret]], ttl: float = 10) -> VaultSecrets:
    place = Place(HERE, "/v1", ())
    session = Session(http, place, Login("/auth/approle/login", fetch, "secret_id"), lambda: time.now, time.sleep)
    return VaultSecrets(http, place, session, "secret", 2, ttl, lambda: time.now)


async def own() -> Secret:
    return Secret("own", "env:OWN")


async def test_a_lease_is_renewed_at_two_thirds_without_a_call() -> None:
    time = Time()
    http = ScriptedHttp(granted("t1", 60), kv2(key="sk-1"), granted("t1", 90), granted("t1", 90))
    secrets = timed(http, time, own)
    await secrets.fetch("vault:llm#key")
    await time.pass_one()
    assert asked(http)[2:] == ["POST /v1/auth/token/renew-self"]
    await time.pass_one()
    assert len(http.requests) == 4
    assert time.slept == [40, 60, 60]
    await secrets.aclose()


async def test_a_renewal_that_fails_is_tried_again_and_in_the_end_the_gateway_signs_in() -> None:
    time = Time()
    http = ScriptedHttp(granted("t1", 60), kv2(key="sk-1"), NoAnswer("refused"), says({"errors": []}, 403))
    secrets = timed(http, time, own)
    await secrets.fetch("vault:llm#key")
    await time.pass_one()
    await time.pass_one()
    assert time.slept == [40, 5, 5]
    time.now = 61
    http.script += [granted("t2", 60), kv2(key="sk-2")]
    assert (await secrets.fetch("vault:llm#key")).reveal() == "sk-2"
    assert asked(http)[4:] == ["POST /v1/auth/approle/login", "GET /v1/secret/data/llm"]
    await secrets.aclose()


async def test_a_value_is_kept_for_its_time_and_asked_for_once_at_a_time() -> None:
    time = Time()
    http = ScriptedHttp(granted("t1", 0, False), kv2(key="sk-1"), kv2(key="sk-2"))
    secrets = timed(http, time, own)
    both = await asyncio.gather(secrets.fetch("vault:llm#key"), secrets.fetch("vault:llm#key"))
    assert [each.reveal() for each in both] == ["sk-1", "sk-1"]
    time.now = 9
    assert (await secrets.fetch("vault:llm#key")).reveal() == "sk-1"
    time.now = 10
    assert (await secrets.fetch("vault:llm#key")).reveal() == "sk-2"
    await secrets.aclose()


def test_its_allowance_is_the_place_that_settings_name() -> None:
    given = msgspec.convert(
        {"address": "https://vault.corp.example:8200", "private_addresses": ["10.0.0.0/8"]}, VaultSettings
    )
    assert VAULT.origins(given) == (HERE,)
    assert VAULT.private_addresses(given) == ("10.0.0.0/8",)


@pytest.mark.parametrize(
    "settings",
    [
        {"auth": "approle", "role_id": "x"},
        {"auth": "kubernetes"},
        {"token_ref": "vault:own#token"},
        {"address": "vault:8200"},
    ],
)
def test_settings_that_lack_something_are_told(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"secrets\.vault"):
        store(ScriptedHttp(), **settings)
