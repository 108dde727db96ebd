"""`environments:`: what an overlay changes, and where its faults are found."""

from collections.abc import Callable

from lockgate.settings import Fault, Settings

Load = Callable[..., Settings]
Faults = Callable[..., tuple[Fault, ...]]
FILE = """
server: {port: 80, host: a}
providers:
  one: {kind: openai-compatible, base_url: "http://one", tags: [a, b]}
  two: {kind: openai-compatible, base_url: "http://two"}
routes: {fast: {targets: [one/m]}}
environments:
  dev:
    server: {port: 81}
    providers:
      one: {tags: [c]}
      two: null
      three: {kind: openai-compatible, base_url: "http://three"}
  prod:
    providers: {one: {base_url: !env "${PROD_URL}"}}
  empty:
"""


def test_mappings_merge_lists_are_replaced_and_null_removes(load: Load) -> None:
    settings = load(FILE, "dev")
    assert (settings.server.port, settings.server.host) == (81, "a")
    assert settings.providers.keys() == {"one", "three"}
    assert settings.providers["one"].kind_settings.tags == ("c",)
    assert settings.providers["one"].kind_settings.base_url == "http://one"


def test_what_is_not_chosen_changes_nothing_and_needs_no_variables(load: Load) -> None:
    assert load(FILE).server.port == 80
    assert load(FILE, "empty").server.port == 80
    assert load(FILE, "prod", {"PROD_URL": "http://p"}).providers["one"].kind_settings.base_url == "http://p"


def test_the_chosen_overlay_needs_its_variables(faults: Faults) -> None:
    (fault,) = faults(FILE, "prod")
    assert (fault.code, fault.line, fault.path) == (
        "unset-variable",
        15,
        "environments.prod.providers.one.base_url",
    )


def test_an_environment_that_does_not_exist_lists_those_that_do(faults: Faults) -> None:
    (fault,) = faults(FILE, "prd")
    assert 'no environment "prd"; did you mean prod? there are: dev, prod, empty' in str(fault)
    (fault,) = faults("version: 1", "prod")
    assert "the settings have no environments" in str(fault)


def test_a_fault_in_an_overlay_is_found_there_chosen_or_not(faults: Faults) -> None:
    text = FILE.replace("server: {port: 81}", "server: {prt: 81}")
    for environment in (None, "dev", "prod"):
        found = [fault for fault in faults(text, environment) if fault.code == "unknown-key"]
        assert [str(fault) for fault in found] == [
            "lockgate.yaml:9:14: environments.dev.server.prt: unknown key; did you mean port?"
        ]


def test_a_misspelt_key_that_should_be_removed_is_found(faults: Faults) -> None:
    (fault,) = faults(FILE.replace("two: null", "tow: null"), "dev")
    assert fault.path == "environments.dev.providers.tow"


def test_a_misspelt_provider_in_an_overlay_is_found_chosen_or_not(faults: Faults) -> None:
    for environment in (None, "dev"):
        (fault,) = faults(FILE.replace("one: {tags: [c]}", "noe: {tags: [c]}"), environment)
        assert (fault.code, fault.line, fault.path) == ("missing-key", 11, "environments.dev.providers.noe")


def test_an_overlay_that_was_not_chosen_may_need_plugins_that_are_not_here(load: Load) -> None:
    assert load(FILE.replace("three: {kind: openai-compatible", "three: {kind: wxyz"), "empty")


def test_overlays_hold_no_overlays_and_are_mappings(faults: Faults) -> None:
    assert faults("environments: {dev: {environments: {}}}")[0].message == "an overlay cannot hold overlays"
    assert faults("environments: {dev: [1]}")[0].line == 1
    assert faults("environments: [dev]")[0].code == "wrong-type"


def test_a_key_twice_in_an_overlay_is_found(faults: Faults) -> None:
    (fault,) = faults("environments:\n  dev:\n    retry: {}\n    retry: {}\n")
    assert (fault.code, fault.line) == ("duplicate-key", 4)
