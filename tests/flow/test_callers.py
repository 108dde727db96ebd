"""Virtual keys over HTTP, with real SDKs: who comes in, what they may ask for, and what pages of others may not do."""

import json
import time
from pathlib import Path

import aiohttp
import anthropic
import openai
import pytest
from click.testing import CliRunner
from gateway import serving, settings
from upstream import answer, upstream

from lockgate.cli.root import root
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.listener import Listener

MESSAGES = [{"role": "user", "content": "hi"}]
ASK = {"model": "fast", "messages": MESSAGES}


def command(folder: Path, *words: str) -> str:
    """`lockgate keys ...` on the file of keys in the folder: its stdout."""
    config = folder / "keys.yaml"
    config.write_text(f"auth: {{keys: {{path: {folder / 'keys.db'}}}}}\n")
    done = CliRunner().invoke(root, ["keys", "--config", str(config), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def create(folder: Path, *words: str) -> str:
    return json.loads(command(folder, "create", "--json", *words))["key"]


def keyed(url: str, folder: Path, **more):
    return settings(url, auth={"keys": {"path": str(folder / "keys.db")}}, **more)


def sdk(url: str, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def claude(url: str, key: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0)


async def test_the_sdks_are_let_in_by_a_virtual_key_and_told_apart_when_they_are_not(tmp_path: Path):
    key = create(tmp_path, "--tenant", "acme", "--models", "fast,gpt-*", "--surface", "openai-chat")
    elsewhere = create(tmp_path, "--models", "other")
    async with upstream() as up, serving(keyed(up.url, tmp_path)) as gw:
        up.say([answer("hello")])
        assert (await sdk(gw.url, key).chat.completions.create(**ASK)).choices[0].message.content == "hello"
        with pytest.raises(openai.PermissionDeniedError) as refused:
            await sdk(gw.url, key).chat.completions.create(**{**ASK, "model": "up/m"})
        assert (refused.value.code, refused.value.param) == ("forbidden", "model")
        with pytest.raises(openai.AuthenticationError):
            await sdk(gw.url, key[:-1] + ("A" if key[-1] != "A" else "B")).chat.completions.create(**ASK)
        with pytest.raises(anthropic.PermissionDeniedError):
            await claude(gw.url, key).messages.create(model="fast", max_tokens=5, messages=MESSAGES)
        with pytest.raises(anthropic.AuthenticationError):
            await claude(gw.url, "nonsense").messages.create(model="fast", max_tokens=5, messages=MESSAGES)
        assert len(up.seen) == 1
        assert key not in str(up.seen[0].headers)
        assert [model.id async for model in sdk(gw.url, key).models.list()] == ["fast"]
        with pytest.raises(openai.NotFoundError):
            await sdk(gw.url, elsewhere).models.retrieve("fast")


async def test_a_revoked_or_rotated_key_is_out_within_a_tenth_of_a_second(tmp_path: Path):
    async with upstream() as up, serving(keyed(up.url, tmp_path)) as gw:
        up.say([answer()])
        key = create(tmp_path)
        key_id = key.split("_")[1]
        time.sleep(0.12)
        await sdk(gw.url, key).chat.completions.create(**ASK)
        new = json.loads(command(tmp_path, "rotate", key_id, "--json"))["key"]
        time.sleep(0.12)
        with pytest.raises(openai.AuthenticationError):
            await sdk(gw.url, key).chat.completions.create(**ASK)
        await sdk(gw.url, new).chat.completions.create(**ASK)
        command(tmp_path, "revoke", key_id)
        time.sleep(0.12)
        with pytest.raises(openai.AuthenticationError, match="revoked"):
            await sdk(gw.url, new).chat.completions.create(**ASK)
        assert new not in command(tmp_path, "show", key_id) + command(tmp_path, "list", "--json")
        assert "revoked" in command(tmp_path, "list")


async def test_fixed_keys_go_on_beside_virtual_ones_and_only_some_open_the_pages_for_operators(tmp_path: Path):
    server = {"client_credential_refs": ["env:CLIENT_KEY"], "admin_credential_refs": ["env:ADMIN_KEY"]}
    plain, admin = create(tmp_path), create(tmp_path, "--admin")
    config = keyed("http://127.0.0.1:9/v1", tmp_path, server=server)
    async with serving(config, env={"ADMIN_KEY": "sk-admin"}) as gw:

        async def status(path: str, key: str) -> int:
            return (await gw.get(path, headers={"authorization": f"Bearer {key}"})).status

        for key, opens in (("sk-client", False), ("sk-admin", True), (plain, False), (admin, True)):
            assert await status("/v1/models", key) == 200
            assert await status("/admin/rollouts", key) == (200 if opens else 403)
        assert await status("/admin/rollouts", "") == 401
        assert (await gw.get("/health")).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "application/json"}, 200),
        ({"content-type": "application/json", "origin": "http://HOST"}, 200),
        ({"content-type": "application/json", "origin": "https://evil.example"}, 403),
        ({"content-type": "application/json", "origin": "null"}, 403),
        ({"content-type": "application/json", "sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_a_page_of_another_origin_does_nothing_in_an_operators_name(headers: dict[str, str], status: int):
    config = settings("http://127.0.0.1:9/v1", server={"admin_credential_refs": ["env:CLIENT_KEY"]})
    async with serving(config) as gw:
        headers = {name: value.replace("HOST", gw.url.removeprefix("http://")) for name, value in headers.items()}
        headers["authorization"] = "Bearer sk-client"
        url = gw.url + "/admin/explain"
        async with gw.client.post(url, data=json.dumps(ASK), headers=headers) as told:
            assert told.status == status


async def test_where_no_key_is_asked_for_another_hosts_name_does_not_lead_in():
    async with upstream() as up, serving(settings(up.url)) as gw:
        up.say([answer()])
        listener = Listener(gw.gateway.front_door(loopback=True), Bounds(2**20, 15, 15), "127.0.0.1", 0, 1.0)
        await listener.start()
        try:
            async with aiohttp.ClientSession() as client:
                for host, status in {"localhost:1": 200, "[::1]": 200, "10.0.0.9": 200, "evil.example": 403}.items():
                    url = f"http://127.0.0.1:{listener.port}/v1/chat/completions"
                    async with client.post(url, json=ASK, headers={"host": host}) as told:
                        assert told.status == status, host
                async with client.get(f"http://127.0.0.1:{listener.port}/admin/rollouts") as told:
                    assert told.status == 200, "nobody but this machine can ask"
        finally:
            await listener.stop()
