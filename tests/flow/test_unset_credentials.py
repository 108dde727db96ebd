"""A key that is not there is told when settings are loaded, and no gateway opens or changes with it."""

from pathlib import Path
from typing import Any

import pytest
from gateway import CANARY, serving, settings
from upstream import answer, upstream

from lockgate import open_gateway
from lockgate.settings import SettingsFaults
from lockgate_ports.errors import SettingsError
from lockgate_ports.secret import Secret

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
UNSET = """\
server:
  client_credential_refs: ["env:CLIENT_KEY", "env:OTHER_CLIENT"]
providers:
  one:
    kind: openai
    credential_ref: env:ONE_KEY
  two:
    kind: openai
    credential_refs: ["env:TWO_KEY", "file:nowhere/two", "file:open/two"]
  three:
    kind: openai
    credential_ref: env:THREE_KEY
    status: disabled
  four:
    kind: openai
    credential_ref: env:FOUR_KEY
    status: draining
routes:
  fast: {targets: [one/m, two/m], strateggy: ordered}
environments:
  prod:
    providers:
      five: {kind: openai, credential_ref: env:FIVE_KEY}
"""


async def opened(source: Any, env: dict[str, str], **more: Any) -> None:
    async with open_gateway(source, env=env, **more):
        pass


async def test_all_that_are_not_there_are_refused_at_once_with_all_other_faults(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lockgate.yaml").write_text(UNSET)
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "two").write_text(CANARY)
    (tmp_path / "open" / "two").chmod(0o644)
    with pytest.raises(SettingsFaults) as caught:
        await opened("lockgate.yaml", {"CLIENT_KEY": "c", "ONE_KEYS": CANARY, "TWO_KEY": " "})
    unset = "the environment variable {} is not set; {}"
    unused = "or say status: disabled for a provider that is not used here"
    assert [str(each) for each in caught.value.faults] == [
        "lockgate.yaml:2:46: server.client_credential_refs[1]: env:OTHER_CLIENT: "
        + unset.format("OTHER_CLIENT", "set it to the key: export OTHER_CLIENT=..."),
        "lockgate.yaml:6:21: providers.one.credential_ref: env:ONE_KEY: "
        + unset.format("ONE_KEY", f"did you mean env:ONE_KEYS?, {unused}"),
        "lockgate.yaml:9:23: providers.two.credential_refs[0]: env:TWO_KEY: the environment variable TWO_KEY is blank; "
        f"set it to the key: export TWO_KEY=..., {unused}",
        "lockgate.yaml:9:38: providers.two.credential_refs[1]: file:nowhere/two: cannot be read: No such file or "
        f"directory; {unused}",
        "lockgate.yaml:9:58: providers.two.credential_refs[2]: file:open/two: others than its owner can use it (mode "
        f"0644); run: chmod 600 open/two, {unused}",
        "lockgate.yaml:16:21: providers.four.credential_ref: env:FOUR_KEY: "
        + unset.format("FOUR_KEY", f"set it to the key: export FOUR_KEY=..., {unused}"),
        "lockgate.yaml:19:35: routes.fast.strateggy: unknown key; did you mean strategy?",
    ]
    assert CANARY not in str(caught.value)


async def test_a_provider_that_is_disabled_needs_no_key_and_one_that_is_enabled_by_a_reload_does():
    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url)
        config["providers"]["spare"] = config["providers"]["up"] | {"credential_ref": "env:SPARE_KEY"}
        off = {
            **config,
            "providers": {**config["providers"], "spare": {**config["providers"]["spare"], "status": "disabled"}},
        }
        async with serving(off) as gw:
            with pytest.raises(SettingsError, match=r"providers\.spare\.credential_ref: env:SPARE_KEY: .* is not set"):
                await gw.gateway.reload(config)
            assert (await gw.ask(ASK)).status == 200
            assert gw.gateway.settings.providers["spare"].status == "disabled"
            assert gw.gateway.last_reload is not None
            assert not gw.gateway.last_reload.ok


async def test_a_file_that_is_gone_at_a_reload_leaves_the_old_settings_serving_with_the_last_good_key(tmp_path: Path):
    key = tmp_path / "key"
    key.write_text("sk-one")
    key.chmod(0o600)
    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url)
        config["providers"]["up"]["credential_ref"] = f"file:{key}"
        async with serving(config) as gw:
            assert (await gw.ask(ASK)).status == 200
            key.unlink()
            with pytest.raises(SettingsError, match="cannot be read: No such file"):
                await gw.gateway.reload(config)
            assert (await gw.ask(ASK)).status == 200
            assert [seen.headers["authorization"] for seen in up.seen] == ["Bearer sk-one"] * 2


async def test_a_store_elsewhere_that_is_down_at_the_start_keeps_no_gateway_from_opening():
    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url, secrets={"vault": {"address": "http://127.0.0.1:9", "token_ref": "env:TOKEN"}})
        config["providers"]["up"]["credential_ref"] = "vault:secret/up#key"
        with pytest.raises(SettingsError, match=r"secrets\.vault\.token_ref: env:TOKEN: .* is not set"):
            await opened(config, {})
        async with serving(config, env={"TOKEN": "t"}) as gw:
            told = await gw.ask(ASK)
            assert told.status >= 500
            assert up.seen == []


class Own:
    """Secrets of an embedder's own."""

    async def fetch(self, ref: str) -> Secret:
        return Secret("sk-own", ref)

    async def aclose(self) -> None: ...


async def test_who_brings_secrets_of_their_own_is_asked_and_nobody_else():
    async with upstream() as up:
        up.say([answer()])
        async with serving(settings(up.url), secrets=Own(), env={"UP_KEY": ""}) as gw:
            assert (await gw.ask(ASK)).status == 200
            assert up.seen[0].headers["authorization"] == "Bearer sk-own"
