"""What a right file comes out as."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lockgate.plugins import Plugins
from lockgate.settings import (
    Chosen,
    OwnTimeouts,
    ProviderRow,
    Route,
    Settings,
    SettingsFaults,
    Timeouts,
    load_settings,
    read_settings,
    split_target,
)

Load = Callable[..., Settings]


def test_an_empty_file_is_all_defaults(load: Load) -> None:
    settings = load("")
    assert settings.server.host == "127.0.0.1"
    assert settings.egress.kind == "allow-list"
    assert settings.egress.settings.allow == ()
    assert settings.providers == {}


def test_a_row_holds_the_engine_fields_and_its_kinds_own_struct(load: Load) -> None:
    settings = load("""
providers:
  local:
    kind: openai-compatible
    base_url: http://127.0.0.1:8000/v1
    private_addresses: [127.0.0.0/8]
    slots: 2
    seed: 7
""")
    row = settings.providers["local"]
    assert row.kind == "openai-compatible"
    assert row.private_addresses == ("127.0.0.0/8",)
    assert row.kind_settings.base_url == "http://127.0.0.1:8000/v1"
    assert (row.kind_settings.slots, row.kind_settings.seed) == (2, 7)


def test_a_row_says_what_differs_from_the_timeouts_of_the_file(load: Load) -> None:
    settings = load("""
timeouts: {attempt: 9, idle: 8}
providers:
  a: {kind: openai-compatible, base_url: "http://h", timeouts: {idle: 3}}
  b: {kind: openai-compatible, base_url: "http://h"}
""")
    assert settings.timeouts == Timeouts(attempt=9.0, idle=8.0)
    assert settings.providers["a"].timeouts == OwnTimeouts(idle=3.0)
    assert settings.providers["b"].timeouts is None


def test_anchors_and_merge_keys_work(load: Load) -> None:
    settings = load("""
providers:
  a: &row {kind: openai-compatible, base_url: "http://a", slots: 9}
  b: {<<: *row, base_url: "http://b"}
""")
    assert settings.providers["b"].kind_settings.base_url == "http://b"
    assert settings.providers["b"].kind_settings.slots == 9


def test_steps_keep_their_order_and_secrets_are_decoded_where_used(load: Load) -> None:
    settings = load("""
secrets: {vault: {address: "https://v"}}
steps: [{kind: trim, limit: 2}, {kind: trim, limit: 1}]
providers: {openai: {kind: openai, credential_ref: "env:KEY"}}
""")
    assert [step.settings.limit for step in settings.steps] == [2, 1]
    assert settings.secrets["vault"].address == "https://v"
    assert set(settings.secrets) == {"vault", "env"}


def test_a_target_is_split_at_the_first_slash() -> None:
    assert split_target("hub/meta/llama-3") == ("hub", "meta/llama-3")
    with pytest.raises(ValueError, match="provider_id/model"):
        split_target("hub/")


def test_plain_values_pass_the_same_checks_without_a_place(offers: Plugins) -> None:
    source = {"providers": {"a": {"kind": "openai-compatible", "base_urll": "http://h"}}}
    with pytest.raises(SettingsFaults) as caught:
        load_settings(source, environment=None, env={}, offers=offers)
    assert "settings: providers.a.base_urll: unknown key; did you mean base_url?" in str(caught.value).splitlines()


def test_settings_made_in_python_pass_the_same_checks(offers: Plugins) -> None:
    made = Settings(
        timeouts=Timeouts(attempt=9.0),
        egress=Chosen(kind="allow-list", settings={"allow": ["x.example"]}),
        providers={"local": ProviderRow(kind="openai-compatible", kind_settings={"base_url": "http://h"})},
        routes={"fast": Route(targets=("locl/m",))},
    )
    with pytest.raises(SettingsFaults, match="did you mean local"):
        load_settings(made, environment=None, env={}, offers=offers)


def test_loaded_settings_load_again_as_they_are(load: Load, offers: Plugins) -> None:
    once = load("""
timeouts: {attempt: 9}
egress: {kind: allow-list, allow: [x.example]}
steps: [{kind: trim, limit: 2}]
providers:
  a: {kind: openai-compatible, base_url: "http://h", timeouts: {attempt: 120}}
  b: {kind: openai, credential_ref: "env:KEY"}
routes: {fast: {targets: [a/m, b/n]}}
""")
    assert load_settings(once, environment=None, env={}, offers=offers) == once


def test_the_allow_list_is_known_before_any_plugin_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "lockgate.yaml"
    path.write_text("plugins: {allow: [llm-plugin-a]}\nenvironments: {prod: {plugins: {allow: []}}}\n")
    assert read_settings(path, environment=None, env={}).plugins.allow == ("llm-plugin-a",)
    assert read_settings(path, environment="prod", env={}).plugins.allow == ()


def test_a_faulty_allow_list_allows_nothing_and_is_the_only_thing_reported(tmp_path: Path) -> None:
    path = tmp_path / "lockgate.yaml"
    path.write_text("plugins: {alow: [llm-plugin-a]}\nproviders: {a: {kind: openai}}\n")
    draft = read_settings(path, environment=None, env={})
    assert draft.plugins.allow == ()
    with pytest.raises(SettingsFaults) as caught:
        load_settings(path, environment=None, env={}, offers=Plugins())
    assert [fault.path for fault in caught.value.faults] == ["plugins.alow"]
