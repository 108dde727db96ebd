"""Tokens (JWT) over HTTP: whose count, whose do not, and what becomes of them when their issuer changes or is away."""

import asyncio
import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from typing import Any

import anthropic
import openai
import pytest
from cryptography.hazmat.primitives import serialization
from gateway import Served, serving, settings
from issuer import EC_KEY, OTHER_RSA, RSA_KEY, Issuer, issuing, jwk
from upstream import answer, upstream

from lockgate.adapters import issuer_keys, token_callers
from lockgate.adapters.token_callers import TokenCallers
from lockgate.loading import load
from lockgate.settings import SettingsFaults
from lockgate_ports.errors import LockgateError, Unauthenticated

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}


def trusting(url: str, issuer: Issuer, *, row: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return settings(url, auth={"jwt": {"corp": issuer.row(**(row or {}))}}, **more)


async def shown(gw: Served, token: str, model: str = "fast"):
    return await gw.ask({**ASK, "model": model}, headers={"authorization": f"Bearer {token}"})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, Any], claims: dict[str, Any], sign=lambda data: b"") -> str:
    """A token that no library would make."""
    signed = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def hs256_with_public_key(issuer: Issuer) -> str:
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    return forged(header, issuer.claims(), lambda data: hmac.new(public, data, hashlib.sha256).digest())


async def test_a_token_is_a_key_for_every_sdk_and_its_claims_say_who_calls(tmp_path):
    claims = {
        "tenant": "https://acme.example/tenant",
        "models": "llm.models",
        "priority": "llm.priority",
        "labels": {"residency": "region"},
        "parents": {"team": "department"},
    }
    async with issuing() as issuer, upstream() as up:
        ledger = {"kind": "sqlite", "path": str(tmp_path / "ledger.db"), "durability": "before_answer"}
        config = trusting(up.url, issuer, row={"claims": claims, "admin_scope": "lockgate.admin"}, ledger=ledger)
        said = {
            "https://acme.example/tenant": "acme",
            "llm": {"models": ["fast", "gpt-*"], "priority": "high"},
            "region": "eu",
            "department": "search",
        }
        async with serving(config) as gw:
            up.say([answer("hello")])
            token = issuer.token(**said, scope="openid lockgate.admin")
            sdk = openai.AsyncOpenAI(base_url=f"{gw.url}/v1", api_key=token, max_retries=0)
            assert (await sdk.chat.completions.create(**ASK)).choices[0].message.content == "hello"
            claude = anthropic.AsyncAnthropic(base_url=gw.url, api_key=token, max_retries=0)
            assert (await claude.messages.create(max_tokens=5, **ASK)).content[0].text == "hello"
            assert token not in "".join(str(seen.headers) for seen in up.seen)
            assert (await shown(gw, token, "up/m")).status == 403, "its models do not hold this name"
            usage = await gw.get(
                "/admin/usage?by=tenant,user,key&since=1d", headers={"authorization": f"Bearer {token}"}
            )
            row = usage.json["rows"][0] if isinstance(usage.json, dict) else usage.json[0]
            assert (row["tenant"], row["user"], row["key"]) == ("acme", "ann", "jwt:corp/ann")
            plain = issuer.token(**said)
            refused = await gw.get("/admin/usage", headers={"authorization": f"Bearer {plain}"})
            assert refused.status == 403
            caller = await _caller(gw, plain)
            assert (caller.labels, caller.parents, caller.admin) == ((("residency", "eu"),), ("team:search",), False)
            assert caller.priority == "high"
            odd = issuer.token(**said | {"llm": {"models": [], "priority": "urgent"}})
            assert "as one of low, normal, high" in (await shown(gw, odd)).json["error"]["message"]


async def _caller(gw: Served, token: str):
    found = gw.gateway.callers.of(token)
    return await found if asyncio.iscoroutine(found) else found


ATTACKS = {
    "alg none": lambda issuer: forged({"alg": "none", "kid": "one"}, issuer.claims()),
    "alg None": lambda issuer: forged({"alg": "None"}, issuer.claims()),
    "HS256 with the public key": hs256_with_public_key,
    "no signature": lambda issuer: issuer.token().rpartition(".")[0] + ".",
    "signed by another key under a known kid": lambda issuer: issuer.token(OTHER_RSA),
    "an algorithm that is not allowed": lambda issuer: issuer.token(alg="RS512"),
    "an RSA signature under the kid of an EC key": lambda issuer: issuer.token(kid="two"),
    "a payload that was changed": lambda issuer: _changed(issuer.token(), issuer.claims(sub="root")),
    "made for another audience": lambda issuer: issuer.token(aud="billing"),
    "made for nobody": lambda issuer: issuer.token(aud=None),
    "of another issuer": lambda issuer: issuer.token(iss="https://evil.example"),
    "of no issuer": lambda issuer: issuer.token(iss=None),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "that never expires": lambda issuer: issuer.token(exp=None),
    "not valid yet": lambda issuer: issuer.token(nbf=int(time.time()) + 60),
    "made in the future": lambda issuer: issuer.token(iat=int(time.time()) + 60),
    "of nobody": lambda issuer: issuer.token(sub=None),
    "with a key of its own": lambda issuer: _own_key(issuer),
    "with a header that must be understood": lambda issuer: _critical(issuer),
    "that is noise": lambda issuer: "a.b.c",
    "that is deep noise": lambda issuer: f"{b64(b'[' * 20_000)}.{b64(b'[' * 20_000)}.",
}


def _changed(token: str, claims: dict[str, Any]) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{b64(json.dumps(claims).encode())}.{signature}"


def _own_key(issuer: Issuer) -> str:
    import jwt

    headers = {"kid": "mine", "jwk": jwk(OTHER_RSA, "mine"), "jku": "https://evil.example/keys"}
    return jwt.encode(issuer.claims(), OTHER_RSA, algorithm="RS256", headers=headers)


def _critical(issuer: Issuer) -> str:
    import jwt

    headers = {"kid": "one", "crit": ["exp-by-moon"], "exp-by-moon": 1}
    return jwt.encode(issuer.claims(), RSA_KEY, algorithm="RS256", headers=headers)


async def test_what_is_no_token_of_the_issuer_is_refused_in_each_surfaces_envelope_and_nobody_is_asked():
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        up.say([answer()])
        assert (await shown(gw, issuer.token())).status == 200
        for name, make in ATTACKS.items():
            told = await shown(gw, make(issuer))
            assert (told.status, told.json["error"]["code"]) == (401, "invalid_api_key"), name
        told = await gw.ask(
            {**ASK, "max_tokens": 5}, path="/v1/messages", headers={"x-api-key": ATTACKS["expired"](issuer)}
        )
        assert (told.status, told.json["error"]["type"]) == (401, "authentication_error")
        assert len(up.seen) == 1
        assert issuer.fetches <= 2, "unknown keys make nobody ask often"
        assert not [seen for seen in issuer.up.seen if seen.path not in ("/keys", "/.well-known/openid-configuration")]


@pytest.mark.parametrize(
    ("row", "more"),
    [
        ({"algorithms": ["PS256"]}, {"alg": "PS256", "kid": "three"}),
        ({}, {"key": EC_KEY, "kid": "two", "alg": "ES256"}),
        ({}, {"key": EC_KEY, "kid": None, "alg": "ES256"}),
        ({"audience": ["other", "lockgate"]}, {"aud": ["x", "lockgate"]}),
        ({}, {"exp": int(time.time()) + 1_000, "nbf": int(time.time()) + 20, "iat": int(time.time()) + 20}),
    ],
)
async def test_tokens_of_all_allowed_sorts_count_and_clocks_may_differ_a_little(row, more):
    async with issuing() as issuer, upstream() as up:
        issuer.keys.append(jwk(RSA_KEY, "three"))
        async with serving(trusting(up.url, issuer, row=row)) as gw:
            up.say([answer()])
            assert (await shown(gw, issuer.token(**more))).status == 200


async def test_a_token_without_kid_counts_only_where_one_key_can_be_meant():
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        up.say([answer()])
        assert (await shown(gw, issuer.token(kid=None))).status == 200
        issuer.keys.append(jwk(OTHER_RSA, "three"))
        assert (await shown(gw, issuer.token(OTHER_RSA, "three"))).status == 200
        assert (await shown(gw, issuer.token(kid=None, sub="bob"))).status == 401


async def test_a_rotated_key_is_found_at_once_and_the_one_before_it_counts_no_more():
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        up.say([answer()])
        old = issuer.token()
        assert (await shown(gw, old)).status == 200
        issuer.keys = [jwk(OTHER_RSA, "next")]
        assert (await shown(gw, old)).status == 200, "its key is not known to be gone yet"
        assert (await shown(gw, issuer.token(OTHER_RSA, "next"))).status == 200
        assert (await shown(gw, old)).status == 401
        assert issuer.fetches == 2


async def test_the_last_good_keys_go_on_serving_while_the_issuer_is_away_also_through_a_reload():
    async with issuing() as issuer, upstream() as up:
        config = trusting(up.url, issuer)
        async with serving(config) as gw:
            up.say([answer()])
            issuer.away = True
            told = await shown(gw, issuer.token())
            assert (told.status, "issuer corp" in told.json["error"]["message"]) == (500, True)
            issuer.away = False
            assert (await shown(gw, issuer.token())).status == 200
            issuer.away = True
            config["routes"]["other"] = {"targets": ["up/m"]}
            await gw.gateway.reload(config)
            assert (await shown(gw, issuer.token(sub="bob"), "other")).status == 200
            assert (await shown(gw, issuer.token(kid="nobody"))).status == 401


async def test_calls_that_come_at_once_ask_for_the_keys_once_and_a_known_token_is_not_verified_again(monkeypatch):
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        up.say([answer()])
        tokens = [issuer.token(sub=f"user-{place}") for place in range(8)]
        told = await asyncio.gather(*(shown(gw, token) for token in tokens))
        assert [each.status for each in told] == [200] * 8
        assert issuer.fetches == 1
        monkeypatch.setattr(token_callers.jwt, "decode", None)
        assert (await shown(gw, tokens[0])).status == 200


async def test_a_token_that_is_known_counts_until_it_expires_and_not_longer():
    async with issuing() as issuer:
        now = time.time()
        keys = _Known(issuer)
        callers = TokenCallers({"corp": (_row(issuer), keys)}, lambda: now)
        token = issuer.token(exp=int(now) + 40)
        first = await callers.of(token)
        assert callers.of(token) is first
        now += 40 + 29
        assert callers.of(token) is first
        now += 1
        again = callers.of(token)
        assert asyncio.iscoroutine(again)
        again.close()
        keys.generation = 7
        with pytest.raises(Unauthenticated):
            await callers.of(issuer.token(OTHER_RSA))


class _Known(issuer_keys.IssuerKeys):
    def __init__(self, issuer: Issuer) -> None:
        super().__init__("corp", _row(issuer), None)
        self._rows = {row["kid"]: [row] for row in issuer.keys}
        self.known = True


def _row(issuer: Issuer):
    from lockgate.settings.auth import TokenIssuer

    return TokenIssuer(issuer=issuer.url, audience=("lockgate",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda issuer: issuer.document.update(issuer="https://evil.example"), "another issuer"),
        (lambda issuer: issuer.document.update(jwks_uri="https://evil.example/keys"), "another host"),
        (lambda issuer: issuer.document.update(jwks_uri=7), "does not say where its keys are"),
        (lambda issuer: issuer.keys.__setitem__(slice(None), ["x"]), "no set of keys"),
    ],
)
async def test_an_issuer_that_says_odd_things_lets_nobody_in_and_the_log_says_why(change, words, caplog):
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        change(issuer)
        assert (await shown(gw, issuer.token())).status == 500
        assert words in caplog.text


@pytest.mark.filterwarnings("ignore:The RSA key is 1024 bits")
async def test_a_key_that_is_too_short_or_private_or_for_something_else_verifies_nothing():
    from cryptography.hazmat.primitives.asymmetric import rsa

    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer)) as gw:
        issuer.keys = [
            jwk(short, "short"),
            jwk(RSA_KEY, "secret", use="enc"),
            {"kty": "oct", "k": b64(b"public knowledge, you see, this is"), "kid": "shared"},
        ]
        for key, kid in ((short, "short"), (RSA_KEY, "secret"), (RSA_KEY, "shared")):
            assert (await shown(gw, issuer.token(key, kid))).status == 401, kid


@pytest.mark.parametrize(
    ("row", "claims", "status"),
    [
        ({"scope": "llm"}, {"scope": "openid llm"}, 200),
        ({"scope": "llm"}, {"scope": "openid llm2"}, 403),
        ({"scope": "llm"}, {}, 403),
        ({"scope": "llm", "claims": {"scopes": "scp"}}, {"scp": ["llm"]}, 200),
        ({"claims": {"tenant": "org"}}, {}, 401),
        ({"claims": {"tenant": "org"}}, {"org": ["a", "b"]}, 401),
        ({"claims": {"tenant": "org"}}, {"org": ""}, 401),
        ({"claims": {"models": "may"}}, {}, 401),
        ({"claims": {"models": "may"}}, {"may": "gpt-*, fast"}, 200),
        ({"claims": {"models": "may"}}, {"may": []}, 403),
        ({"claims": {"surfaces": "speaks"}}, {"speaks": ["anthropic-*"]}, 403),
    ],
)
async def test_scopes_and_claims_that_must_be_there_are(row, claims, status):
    async with issuing() as issuer, upstream() as up, serving(trusting(up.url, issuer, row=row)) as gw:
        up.say([answer()])
        assert (await shown(gw, issuer.token(**claims))).status == status


async def test_virtual_keys_fixed_keys_and_tokens_count_beside_each_other(tmp_path):
    from test_callers import create

    key = create(tmp_path)
    async with issuing() as issuer, upstream() as up:
        auth = {"keys": {"path": str(tmp_path / "keys.db")}, "jwt": {"corp": issuer.row()}}
        config = settings(up.url, auth=auth, server={"client_credential_refs": ["env:CLIENT_KEY"]})
        async with serving(config) as gw:
            up.say([answer()])
            for each, status in ((key, 200), ("sk-client", 200), (issuer.token(), 200), ("nobody", 401), ("", 401)):
                assert (await shown(gw, each)).status == status


async def test_limits_hold_for_the_tenant_and_the_subject_of_a_token():
    async with issuing() as issuer, upstream() as up:
        rules = [{"scope": "tenant:acme", "rpm": 2}, {"scope": "key:jwt:*", "rpm": 1}]
        config = trusting(up.url, issuer, row={"tenant": "acme"}, limits={"rules": rules})
        async with serving(config) as gw:
            up.say([answer()])
            statuses = [(await shown(gw, issuer.token(sub=sub))).status for sub in ("ann", "ann", "bob", "eve")]
            assert statuses == [200, 429, 200, 429]


async def test_the_issuer_is_asked_by_the_way_out_and_only_where_settings_say():
    async with issuing() as issuer, upstream() as up:
        async with serving(trusting(up.url, issuer, egress={"kind": "allow-list", "mode": "air-gap"})) as gw:
            up.say([answer()])
            assert (await shown(gw, issuer.token())).status == 200, "loopback is in the gap"
        away = {"issuer": "https://login.example", "audience": ["lockgate"], "jwks_url": "https://login.example/keys"}
        config = settings(up.url, auth={"jwt": {"corp": away}}, egress={"kind": "allow-list", "mode": "air-gap"})
        async with serving(config) as gw:
            told = await shown(gw, issuer.token(iss="https://login.example"))
            assert told.status == 500
            keys = gw.gateway.callers._tokens.issuers["corp"]
            with pytest.raises(LockgateError, match="air-gap"):
                await keys.read()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("issuer: http://login.example, audience: [a]", "write https://"),
        ("issuer: https://login.example", "audience is missing"),
        ("issuer: https://login.example, audience: []", "is empty"),
        ("issuer: https://login.example, audience: [a], algorithms: [HS256]", "algorithms[0]"),
        ("issuer: https://login.example, audience: [a], algorithms: [none]", "algorithms[0]"),
        ("issuer: urn:corp, audience: [a]", "must begin with http"),
        ("issuer: https://login.example, audience: [a], leeway: 4000", "at most 300"),
        ("issuer: https://login.example, audience: [a], tenant: x, claims: {tenant: y}", "leave one of them out"),
    ],
)
def test_what_would_trust_too_much_is_a_fault_with_its_line(tmp_path, row, words):
    path = tmp_path / "lockgate.yaml"
    path.write_text(f"auth:\n  jwt:\n    corp: {{{row}}}\n")
    with pytest.raises(SettingsFaults) as faults:
        load(path, environment=None, env={})
    (fault,) = faults.value.faults
    assert (fault.line, words in str(fault)) == (3, True), str(fault)


def test_a_gateway_without_issuers_does_not_load_what_verifies_tokens():
    code = (
        "import asyncio, sys, lockgate\n"
        "async def main():\n"
        "    row = {'kind': 'openai-compatible', 'base_url': 'http://127.0.0.1:9/v1'}\n"
        "    async with lockgate.open_gateway({'providers': {'up': row}}) as gw: gw.front_door()\n"
        "asyncio.run(main())\n"
        "print([name for name in ('jwt', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
