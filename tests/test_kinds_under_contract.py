"""Every kind of provider that a plugin of this repository registers keeps a contract, for each thing that it does."""

import asyncio
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from lockgate.adapters import builtins
from lockgate.plugins import discover
from lockgate_ports.testkit import EmbeddingsContract, RerankContract
from lockgate_ports.testkit.capabilities import Contract, contracts_in, seen_in

FOLDERS = sorted(path.parent for path in (Path(__file__).parent.parent / "plugins").glob("*/pyproject.toml"))


def kinds_of(folder: Path) -> list[str]:
    return sorted(discover(allow=[folder.name], builtins=[builtins]).models)


@cache
def contracts_of(folder: Path) -> list[Contract]:
    (package,) = folder.glob("llm_plugin_*")
    module = f"{package.name}.contract"
    return contracts_in(import_module(module)) if find_spec(module) else []


def does(contract: Contract) -> str:
    if issubclass(contract, EmbeddingsContract | RerankContract):
        return contract.operation
    return "chat"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_kind_is_under_contract(folder: Path) -> None:
    assert kinds_of(folder) == sorted({contract.kind for contract in contracts_of(folder)})


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if kinds_of(folder)], ids=lambda folder: folder.name)
def test_each_operation_that_a_kind_offers_is_under_contract(folder: Path) -> None:
    """What a kind offers is seen by asking it: embeddings that are not refused need a contract of their own."""
    contracts = contracts_of(folder)
    covered = {(contract.kind, does(contract)) for contract in contracts}
    seen = asyncio.run(seen_in(contracts))
    offered = {
        (kind, column) for kind, what in seen.items() for column in ("chat", "embeddings", "rerank") if column in what
    }
    assert offered - covered == set()


def test_the_contract_module_is_run_by_the_plugins_own_tests() -> None:
    for folder in FOLDERS:
        if contracts_of(folder):
            (package,) = folder.glob("llm_plugin_*")
            assert f"from {package.name}.contract import *" in (folder / "tests" / "test_contract.py").read_text()
