"""Which plugins load, which are set aside, and that a broken one harms nobody else."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from lockgate.adapters import builtins
from lockgate.plugins import Plugins, Quarantined, discover
from lockgate_ports.hooks import Factory, NoSettings, hookimpl

Install = Callable[..., str]
HOOK = "from lockgate_ports.hooks import Factory, ModelFactory, NoSettings, Weights, hookimpl\n@hookimpl\n"
CANARY = "sk-canary-0123456789abcdef"


def only(plugins: Plugins, distribution: str) -> Quarantined:
    (found,) = (plugin for plugin in plugins.quarantined if plugin.distribution == distribution)
    return found


def test_a_good_plugin_is_loaded_and_its_kinds_are_offered(install: Install) -> None:
    name = install(kind="tiny-kind", entry="tiny-entry")
    plugins = discover(allow=[name])
    (loaded,) = plugins.loaded
    assert (loaded.name, loaded.distribution, loaded.version) == ("tiny-entry", name, "1.0")
    assert loaded.hooks == ("register_models",)
    assert plugins.models["tiny-kind"].kind == "tiny-kind"
    assert plugins.quarantined == ()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no\\nmore')", "raises at import: RuntimeError: no"),
        ("import no_such_module_at_all", "raises at import: ModuleNotFoundError: No module named"),
        ("def broken(:", "raises at import: SyntaxError"),
        ("import sys; sys.exit(3)", "calls sys.exit at import"),
        ("raise KeyboardInterrupt", "raises at import: KeyboardInterrupt"),
        ("class Odd(BaseException): __str__ = None\nraise Odd", "raises at import: Odd"),
        (f"raise ValueError('bad key {CANARY}')", "raises at import: ValueError: bad key [redacted]"),
        ("x = 1", "offers nothing: no function in it is marked with hookimpl"),
        (HOOK + "def register_model(): return []", "its hooks do not fit: PluginValidationError: unknown hook"),
        (HOOK + "def register_models(app): return []", "its hooks do not fit: PluginValidationError"),
        (HOOK + "def register_models(): raise OSError('disk')", "register_models raises OSError: disk"),
        (HOOK + "def register_models(): import sys; sys.exit()", "register_models raises SystemExit"),
        (HOOK + "def register_models(): return None", "register_models returns None in place of a list"),
        (HOOK + "def register_models(): return 7", "register_models returns int in place of a list"),
        (HOOK + "def register_models(): return ['openai']", "register_models returns a str where a ModelFactory was"),
        (HOOK + "def register_models():\n  while True: yield None", "register_models returns more than 1000 things"),
        (
            HOOK + "def register_secrets(): return [Factory(kind='a', settings=dict, build=print)]",
            "the settings of 'a' are not a msgspec Struct",
        ),
        (
            "from msgspec import Struct\nclass S(Struct):\n  x: int | list['Nowhere']\n"
            + HOOK
            + "def register_secrets(): return [Factory(kind='a', settings=S, build=print)]",
            "the settings of 'a' cannot be read: NameError",
        ),
        (
            HOOK + "def register_secrets(): return [Factory(kind='A b', settings=NoSettings, build=print)]",
            "a kind is named in lower case letters and digits",
        ),
        (
            HOOK + "def register_steps(): return [Factory(kind='a', settings=NoSettings, build=None)]",
            "what should build 'a' cannot be called",
        ),
        (
            HOOK + "def register_steps(): return [Factory(kind='a', settings=NoSettings, build=print)] * 2",
            "register_steps offers 'a' twice",
        ),
        (
            "from msgspec import Struct\nclass S(Struct): timeouts: int = 1\n"
            + HOOK
            + "def register_models():\n"
            + " return [ModelFactory(kind='a', settings=S, build=print, origins=print)]",
            "the settings of 'a' hold timeouts, which lockgate reads itself",
        ),
        (HOOK + "def register_dialects(): return ['x']", "returns a str where a SurfaceDialect or CatalogueDialect"),
        (HOOK + "def register_commands(): return ['x']", "returns a str where a click command was promised"),
        (HOOK + "def register_weights(): return ['x']", "returns a str where Weights was promised"),
    ],
)
def test_a_bad_plugin_is_set_aside_alone_with_its_reason(install: Install, code: str, reason: str) -> None:
    bad, good = install(code), install()
    plugins = discover(allow=[bad, good])
    assert [plugin.distribution for plugin in plugins.loaded] == [good]
    said = only(plugins, bad).reason
    assert reason in said
    assert "\n" not in said
    assert CANARY not in said


def test_a_plugin_that_hangs_is_set_aside_and_the_others_load(install: Install) -> None:
    hangs = install("import time\ntime.sleep(5)", entry="a-hangs")
    hook_hangs = install(HOOK + "def register_models(): import time; time.sleep(5)", entry="b-hangs")
    good = install(entry="c-good")
    begin = time.monotonic()
    plugins = discover(allow=[hangs, hook_hangs, good], deadline=0.3)
    assert time.monotonic() - begin < 2
    assert [plugin.distribution for plugin in plugins.loaded] == [good]
    assert only(plugins, hangs).reason == "hangs: it was not ready 0.3 s after its import began"
    assert only(plugins, hook_hangs).reason.startswith("hangs: ")


def test_of_two_distributions_with_one_entry_name_neither_loads(install: Install) -> None:
    code = "raise AssertionError('imported')"
    one, two, good = install(code, entry="same"), install(code, entry="same", version="2.1"), install()
    plugins = discover(allow=[one, two, good])
    assert [plugin.distribution for plugin in plugins.loaded] == [good]
    assert (
        only(plugins, one).reason == f"the entry-point name 'same' is also claimed by {two} 2.1; uninstall one of them"
    )
    assert f"claimed by {one} 1.0" in only(plugins, two).reason


def test_of_two_distributions_with_one_kind_neither_loads(install: Install) -> None:
    one, two, good = install(kind="shared"), install(kind="shared"), install(kind="other")
    plugins = discover(allow=[one, two, good])
    assert plugins.models.keys() == {"other"}
    assert f"'shared' (models) is also offered by {two} 1.0" in only(plugins, one).reason
    assert f"'shared' (models) is also offered by {one} 1.0" in only(plugins, two).reason
    reason = plugins.reason_for("shared")
    assert reason is not None
    assert "it comes from" in reason
    assert "quarantined" in reason


def test_one_name_in_two_families_is_no_conflict(install: Install) -> None:
    one = install(kind="same-word")
    two = install(HOOK + "def register_secrets(): return [Factory(kind='same-word', settings=NoSettings, build=print)]")
    assert len(discover(allow=[one, two]).loaded) == 2


def test_no_plugin_can_push_out_what_lockgate_brings(install: Install) -> None:
    code = (
        HOOK + "def register_egress_policies(): return [Factory(kind='allow-list', settings=NoSettings, build=print)]"
    )
    by_kind, by_name = install(code), install(entry="lockgate")
    plugins = discover(allow=[by_kind, by_name], builtins=[builtins])
    assert plugins.egress["allow-list"].settings is not NoSettings
    assert {plugin.distribution for plugin in plugins.quarantined} == {by_kind, by_name}


def test_builtins_come_through_the_same_hooks() -> None:
    module = ModuleType("own_parts")

    @hookimpl
    def register_secrets() -> list[object]:
        return [Factory(kind="own", settings=NoSettings, build=print)]

    module.register_secrets = register_secrets  # type: ignore[attr-defined]
    plugins = discover(allow=[], builtins=[builtins, module])
    assert plugins.secrets.keys() >= {"env", "file", "own"}
    assert {plugin.distribution for plugin in plugins.loaded} == {"lockgate"}


def test_only_allowed_distributions_are_imported(install: Install) -> None:
    left = install("raise AssertionError('imported')", distribution="llm-plugin-left")
    kept = install(distribution="LLM.plugin_Kept")
    plugins = discover(allow=["llm-plugin--kept"])
    assert [plugin.distribution for plugin in plugins.loaded] == [kept]
    assert left in plugins.left_out
    reason = plugins.reason_for("left")
    assert reason is not None
    assert "not named in plugins.allow" in reason


def test_without_an_allow_list_all_that_are_installed_load(install: Install) -> None:
    name = install()
    assert name in {plugin.distribution for plugin in discover().loaded}


def test_an_allowed_distribution_that_is_not_installed_is_shown() -> None:
    (plugin,) = discover(allow=["llm-plugin-not-here"]).quarantined
    assert plugin.distribution == "llm-plugin-not-here"
    assert "nothing installed under that name is a plugin" in plugin.reason


def test_a_distribution_that_is_found_twice_is_the_first_one(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = install()
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    for info in tmp_path.glob("*.dist-info"):
        (shadow / info.name).mkdir()
        for file in info.iterdir():
            (shadow / info.name / file.name).write_text(file.read_text().replace("1.0", "0.9"))
    monkeypatch.setattr(sys, "path", [*sys.path, str(shadow)])
    (loaded,) = discover(allow=[name]).loaded
    assert loaded.version == "1.0"


def test_a_distribution_hidden_by_one_that_is_no_plugin_is_none(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = install()
    before = tmp_path / "before"
    for info in tmp_path.glob("*.dist-info"):
        (before / info.name).mkdir(parents=True)
        (before / info.name / "METADATA").write_text((info / "METADATA").read_text())
    monkeypatch.syspath_prepend(before)
    assert discover(allow=[name]).loaded == ()


def test_broken_metadata_harms_nobody_else(install: Install, tmp_path: Path) -> None:
    good = install()
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Name: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[lockgate.plugins]\nbroken = not a = valid : [line\n")
    assert good in {plugin.distribution for plugin in discover().loaded}


def test_a_plugin_gives_a_reason_for_kinds_of_its_name() -> None:
    aside = Quarantined(name="openai", distribution="llm-plugin-openai", version="1", reason="hangs")
    plugins = Plugins(quarantined=(aside,))
    for kind in ("openai", "openai-compatible"):
        assert plugins.reason_for(kind) == "it seems to come from llm-plugin-openai 1, which is quarantined: hangs"
    assert plugins.reason_for("opena") is None


def test_quarantine_is_logged_once(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    bad = install("raise RuntimeError('no')")
    discover(allow=[bad])
    (record,) = [record for record in caplog.records if bad in record.getMessage()]
    assert "raises at import: RuntimeError: no" in record.getMessage()
