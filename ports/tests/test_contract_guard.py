"""No test of the contract goes missing without a reason that somebody can read."""

import os
import subprocess
import sys

import pytest

from lockgate_ports.testkit import ProviderContract
from lockgate_ports.testkit.contract import PROTECTED

TESTS = sorted(name for name in PROTECTED if name.startswith("test_"))


def test_every_contract_test_says_what_to_look_at() -> None:
    assert len(TESTS) > 40
    for name in TESTS:
        words = (getattr(ProviderContract, name).__doc__ or "").split()
        assert words[:1] == ["Look"], name
        assert len(words) > 12, name


@pytest.mark.parametrize("name", ["test_a_rate_limit_says_when_to_come_back", "provider", "pytest_generate_tests"])
@pytest.mark.parametrize("value", [None, lambda self: None])
def test_what_belongs_to_the_contract_cannot_be_overridden(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"TestAcme overrides {name}.*xfail"):
        type("TestAcme", (ProviderContract,), {name: value})


def test_nor_by_a_class_that_comes_first() -> None:
    first = type("First", (), {"test_a_timeout_passes_through": lambda self: None})
    with pytest.raises(TypeError, match="First overrides test_a_timeout_passes_through"):
        type("TestAcme", (first, ProviderContract), {})


def test_tests_of_the_authors_own_may_stand_beside() -> None:
    own = type("TestAcme", (ProviderContract,), {"test_something_else": lambda self: None, "kind": "acme"})
    assert issubclass(type("TestMore", (own,), {"model": "acme-2"}), own)


@pytest.mark.parametrize(
    ("xfail", "why"),
    [
        ({"test_no_such_thing": "why not"}, "no test of the contract"),
        ({"provider": "why not"}, "no test of the contract"),
        ({"test_a_timeout_passes_through": "  "}, "gives no reason"),
    ],
)
def test_an_xfail_names_a_test_and_gives_a_reason(xfail: dict[str, str], why: str) -> None:
    with pytest.raises(TypeError, match=why):
        type("TestAcme", (ProviderContract,), {"xfail": xfail})


_MODULE = """
import llm_plugin_wrong, pytest
from llm_plugin_acme.samples import ACME_CHAT
from lockgate_ports.testkit import ProviderContract

class Acme(ProviderContract):
    plugin = llm_plugin_wrong
    settings = {"base_url": "http://acme.test/v1"}
    model = "acme-1"
    samples = ACME_CHAT

class TestExpected(Acme):
    kind = "retries"
    xfail = {"test_a_failed_call_is_not_repeated": "the vendor repeats"}

class TestUnexpected(Acme):
    kind = "zero-usage"
    xfail = {"test_a_failed_call_is_not_repeated": "the vendor repeats"}

@pytest.mark.skip(reason="later")
class TestSkipped(Acme):
    kind = "retries"

@pytest.mark.skipif(True, reason="later")
class TestSkippedHere(Acme):
    kind = "retries"

@pytest.mark.xfail
class TestMarked(Acme):
    kind = "retries"

class TestUndeclared(ProviderContract):
    pass

class TestMisspelt(Acme):
    kind = "acmee"
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest says of a module of contracts that try to get around a test."""
    folder = tmp_path_factory.mktemp("guard")
    (folder / "test_it.py").write_text(_MODULE)
    options = ["-rA", "-p", "no:cacheprovider", "--rootdir=.", "--continue-on-collection-errors"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-k", "test_a_failed_call_is_not_repeated", "test_it.py"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "300", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.stdout


def test_an_xfail_sets_aside_a_test_that_fails(said: str) -> None:
    assert "XFAIL test_it.py::TestExpected::test_a_failed_call_is_not_repeated - the vendor repeats" in said


def test_an_xfail_that_passes_is_a_failure(said: str) -> None:
    assert "FAILED test_it.py::TestUnexpected::test_a_failed_call_is_not_repeated - [XPASS(strict)]" in said


@pytest.mark.parametrize(
    ("name", "mark"), [("TestSkipped", "skip"), ("TestSkippedHere", "skipif"), ("TestMarked", "xfail")]
)
def test_a_contract_test_is_not_skipped(said: str, name: str, mark: str) -> None:
    assert (
        f"ERROR test_it.py::{name} - Failed: a contract test is set aside by `xfail = {{...}}`, not by {mark}" in said
    )


def test_what_is_not_declared_is_named(said: str) -> None:
    assert "TestUndeclared must set kind, model, plugin, samples, settings" in said


def test_a_kind_that_the_plugin_does_not_register_is_named(said: str) -> None:
    assert "llm_plugin_wrong registers no kind 'acmee', but ['lost-tool-index'" in said


def test_ports_do_not_need_what_the_kit_needs() -> None:
    look = """
import pkgutil, sys, lockgate_ports
for module in pkgutil.iter_modules(lockgate_ports.__path__):
    if module.name != "testkit":
        __import__(f"lockgate_ports.{module.name}")
found = {name.partition(".")[0] for name in sys.modules}
print(sorted(found & {"pytest", "pytest_asyncio", "hypothesis", "aiohttp", "yaml"}))
"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
