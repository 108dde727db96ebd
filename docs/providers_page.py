"""Writes docs/providers.md from what the plugins of this repository offer: `make docs`. `--print` prints it instead."""

import asyncio
import re
import sys
from importlib import import_module
from pathlib import Path

from lockgate.adapters import builtins
from lockgate.plugins import discover
from lockgate_ports.testkit.capabilities import contracts_in, markdown, seen_in

PAGE = Path(__file__).with_name("providers.md")
PLUGINS = Path(__file__).parent.parent / "plugins"

_HEAD = """\
# Providers

<!-- Written by docs/providers_page.py from the plugins; `make docs` writes it anew. -->

Each kind comes from a plugin, a distribution of its own that `pip install` adds; a provider is one configured instance
of a kind. The README of a plugin says how to configure it and what it can do.

| kind | plugin | key | |
|---|---|---|---|
"""

_BESIDE = """
## What else plugins bring

| kind | of | plugin | |
|---|---|---|---|
"""
_FAMILIES = {
    "secrets": "secret store",
    "egress": "egress policy",
    "metrics": "metrics backend",
    "ledgers": "ledger",
    "limits": "store of limits",
    "steps": "step",
}

_SEEN = """
## What each can do

As its contract shows it, offline, on answers in the provider's own form; `pytest --lockgate-contract llm_plugin_x`
shows the rows of one plugin. It says what can be asked for in the provider's language; whether a model can do it is
another question, which `lockgate models` answers where it is known. An empty field was not seen.

"""


def page() -> str:
    """The whole page: one row a kind, by name."""
    rows: list[str] = []
    beside: list[str] = []
    own = discover(allow=[], builtins=[builtins])
    for folder in sorted(path for path in PLUGINS.iterdir() if (path / "pyproject.toml").exists()):
        offered = discover(allow=[folder.name], builtins=[builtins])
        link = f"[{folder.name}](../plugins/{folder.name}/README.md)"
        for kind, factory in offered.models.items():
            key = "needed" if factory.needs_credential else "as the server wants"
            rows.append(f"| `{kind}` | {link} | {'none' if factory.embedded else key} | {factory.summary} |\n")
        for family, what in _FAMILIES.items():
            brought = {
                kind: each for kind, each in getattr(offered, family).items() if kind not in getattr(own, family)
            }
            beside += [f"| `{kind}` | {what} | {link} | {each.summary} |\n" for kind, each in brought.items()]
    by_name = "".join(sorted(rows, key=lambda row: re.sub(r"\W", "", row)))
    return _HEAD + by_name + _BESIDE + "".join(sorted(beside)) + _SEEN + "\n".join(_seen()) + "\n"


def _seen() -> list[str]:
    """The table that the contracts show, by kind."""
    modules = [import_module(f"{path.parent.name}.contract") for path in PLUGINS.glob("*/*/contract.py")]
    kinds = asyncio.run(seen_in([each for module in modules for each in contracts_in(module)]))
    return markdown(dict(sorted(kinds.items())))


if __name__ == "__main__":
    if "--print" in sys.argv:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page())
