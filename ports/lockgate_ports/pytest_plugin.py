"""The pytest plugin: `pytest --lockgate-contract llm_plugin_x` runs the contract of an installed plugin."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

_OPTION = "--lockgate-contract"


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Its two options."""
    group = parser.getgroup("lockgate", "contracts of Lockgate's providers")
    group.addoption(
        _OPTION,
        action="append",
        default=[],
        metavar="PLUGIN",
        help="run the contract of this installed plugin, the classes in PLUGIN.contract, and show what it can do",
    )
    group.addoption("--lockgate-table", metavar="FILE", help="write the table of what it can do there, in Markdown")


def pytest_configure(config: "pytest.Config") -> None:
    """Names the contracts as what is to be collected. Raises UsageError for a plugin that has none."""
    plugins: list[str] = config.getoption(_OPTION) or []
    if not plugins:
        return
    config.args = [_contract_of(plugin) for plugin in plugins]


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: "pytest.Config") -> None:
    """The table, on the terminal and in the file; none of a plugin that broke its contract."""
    plugins: list[str] = config.getoption(_OPTION) or []
    if not plugins or exitstatus:
        return
    import asyncio

    from lockgate_ports.testkit.capabilities import contracts_in, markdown, seen_in

    contracts = [each for plugin in plugins for each in contracts_in(import_module(f"{plugin}.contract"))]
    lines = markdown(asyncio.run(seen_in(contracts)))
    terminalreporter.section("what it can do")
    for line in lines:
        terminalreporter.write_line(line)
    if file := config.getoption("--lockgate-table"):
        Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _contract_of(plugin: str) -> str:
    import pytest

    try:
        found = find_spec(f"{plugin}.contract")
    except ModuleNotFoundError:
        raise pytest.UsageError(f"{_OPTION}: {plugin} is not installed here") from None
    if found is None or found.origin is None:
        raise pytest.UsageError(f"{_OPTION}: {plugin} has no module `contract` that holds its contract classes")
    return found.origin
