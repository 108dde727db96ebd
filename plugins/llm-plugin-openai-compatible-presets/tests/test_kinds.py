"""The kinds: names, addresses and settings."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from llm_plugin_openai_compatible_presets.hosted import HOSTED
from llm_plugin_openai_compatible_presets.local import LOCAL
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.testkit import ScriptedHttp

_README = (Path(__file__).parents[1] / "README.md").read_text()
_THE_GATEWAYS = ("kind", "credential_ref", "private_addresses")


def test_every_row_is_a_kind_of_its_own(factories: dict[str, ModelFactory[Any]]) -> None:
    assert len(factories) == len(HOSTED) + len(LOCAL)
    for row in (*HOSTED, *LOCAL):
        factory = factories[row.kind]
        (origin,) = factory.origins(factory.settings())
        assert row.base_url.startswith(str(origin))
        assert bool(factory.catalogue()) == row.catalogue


def test_hosted_providers_need_a_key_and_stand_behind_tls() -> None:
    assert all(row.needs_credential and row.base_url.startswith("https://") for row in HOSTED)
    assert all(not row.needs_credential and row.base_url.startswith("http://127.0.0.1:") for row in LOCAL)
    assert len({row.base_url for row in (*HOSTED, *LOCAL)}) == len(HOSTED) + len(LOCAL)


def test_a_field_is_not_both_renamed_and_unknown() -> None:
    for row in (*HOSTED, *LOCAL):
        assert not set(row.quirks.lacks) & {name for name, _ in row.quirks.renames}, row.kind
        assert row.quirks.max_tokens_field not in row.quirks.lacks, row.kind
        assert not set(row.quirks.lacks) & set(row.quirks.sampling), row.kind


async def test_settings_may_say_another_address_and_more_headers(row: Any) -> None:
    sent = await row("openrouter", base_url="http://a.test/v9", headers={"X-Title": "T"}).sends()
    assert (str(sent.http.origin), sent.http.target) == ("http://a.test", "/v9/chat/completions")
    assert ("x-title", "T") in sent.http.headers


async def test_a_rows_own_header_gives_way_to_the_settings(row: Any) -> None:
    name = "x-github-api-version"
    for headers, version in (({}, "2022-11-28"), ({name: "2026-03-10"}, "2026-03-10")):
        sent = await row("github-models", headers=headers).sends()
        assert [value for field, value in sent.http.headers if field == name] == [version]


async def test_extra_body_goes_along_unless_the_caller_says_otherwise(row: Any) -> None:
    openrouter = row("openrouter", extra_body={"provider": {"order": ["a"]}})
    assert (await openrouter.sends()).body["provider"] == {"order": ["a"]}
    assert (await openrouter.relays()).body["provider"] == {"order": ["a"]}
    own = await openrouter.relays(provider={"order": ["b"]}, messages=[])
    assert own.body["provider"] == {"order": ["b"]}
    nested = await openrouter.relays(metadata={"provider": "x"})
    assert nested.body["provider"] == {"order": ["a"]}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "api.test/v1"}, "base_url: "),
        ({"extra_body": {"model": "x"}}, "extra_body.model"),
        ({"extra_body": {"messages": []}}, "extra_body.messages"),
        ({"headers": {"Authorization": "k"}}, "headers.Authorization"),
        ({"response_limit": 0}, "response_limit"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(
    factories: dict[str, ModelFactory[Any]], settings: dict[str, Any], words: str
) -> None:
    factory = factories["groq"]
    with pytest.raises(SettingsError, match=words):
        factory.build(msgspec.convert(settings, factory.settings), BuildContext("p", ScriptedHttp()))


def test_the_readme_names_every_kind_and_its_rows_build_providers(factories: dict[str, ModelFactory[Any]]) -> None:
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| `", _README, re.M)) >= set(factories)
    rows: dict[str, dict[str, Any]] = {}
    for block in re.findall(r"```yaml\n(.*?)```", _README, re.S):
        rows |= yaml.safe_load(block)["providers"]
    for name, given in rows.items():
        factory = factories[given["kind"]]
        own = {key: value for key, value in given.items() if key not in _THE_GATEWAYS}
        assert factory.build(msgspec.convert(own, factory.settings), BuildContext(name, ScriptedHttp())).models
