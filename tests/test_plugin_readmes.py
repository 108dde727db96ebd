"""A plugin's README is what its user goes by: its settings load, its options are all that there are, its chat works."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from click.testing import CliRunner
from pages import blocks
from stand_in import over_http, standing_in

from lockgate.adapters import builtins
from lockgate.cli.root import root
from lockgate.plugins import Plugins, discover
from lockgate_ports.testkit import KEY, ProviderContract

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
FAMILIES = ("models", "secrets", "egress", "metrics", "traces", "ledgers", "limits", "steps")
_TABLE = re.compile(r"^\| setting .*\n\|[-| ]+\n((?:\|.*\n)+)", re.MULTILINE)
each_plugin = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@cache
def offered(folder: Path) -> Plugins:
    return discover(allow=[folder.name], builtins=[builtins])


def kinds(folder: Path) -> dict[str, Any]:
    """What the plugin brings, by kind."""
    own = discover(allow=[], builtins=[builtins])
    found: dict[str, Any] = {}
    for family in FAMILIES:
        here = getattr(offered(folder), family)
        found |= {kind: each for kind, each in here.items() if kind not in getattr(own, family)}
    return found


def readme(folder: Path) -> str:
    return (folder / "README.md").read_text()


def settings_of(folder: Path) -> list[str]:
    return [block.text for block in blocks(folder / "README.md") if block.language == "yaml"]


def chatting(folder: Path) -> list[type[ProviderContract]]:
    """Its contracts of chat over HTTP."""
    (package,) = folder.glob("llm_plugin_*")
    if not (package / "contract.py").exists():
        return []
    return [each for each in over_http(package.name) if issubclass(each, ProviderContract)]


def settings_blocks() -> Iterator[object]:
    for folder in FOLDERS:
        for place, text in enumerate(settings_of(folder)):
            yield pytest.param(text, id=f"{folder.name}-{place}")


@each_plugin
def test_it_says_how_to_install_it_and_what_to_write(folder: Path) -> None:
    assert f"pip install lockgate {folder.name}" in readme(folder)
    assert settings_of(folder), "no settings to copy"


@pytest.mark.parametrize("text", list(settings_blocks()))
def test_its_settings_are_faultless(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lockgate.yaml"
    path.write_text(text)
    done = CliRunner().invoke(root, ["check", str(path), "--no-credentials", "--json"])
    told = json.loads(done.output)
    assert (done.exit_code, told["ok"]) == (0, True), told


@each_plugin
def test_it_names_its_kinds(folder: Path) -> None:
    text = readme(folder)
    assert [kind for kind in kinds(folder) if not re.search(rf"`{kind}[`:]|kind: {kind}$", text, re.MULTILINE)] == []


@each_plugin
def test_the_settings_that_it_lists_are_those_that_there_are(folder: Path) -> None:
    there: dict[str, set[Any]] = {}
    for each in kinds(folder).values():
        for field in msgspec.structs.fields(each.settings):
            there.setdefault(field.encode_name, set()).add(as_written(field))
    listed: set[str] = set()
    for row in rows(folder):
        names = re.findall(r"`([^`]+)`", row[0])
        listed |= {name.partition(".")[0] for name in names}
        if len(names) == 1 and names[0] in there and (shown := literal(row[1])) is not None:
            # None stands for what is worked out, which a README may tell.
            assert shown in there[names[0]] or None in there[names[0]], f"the default of {names[0]}"
    # A key's place and a private network are asked of every provider and store, whatever its kind.
    assert listed - set(there) <= {"credential_ref", "private_addresses"}, "listed, and not there"
    assert set(there) - listed == set(), "there, and not listed"


@pytest.mark.parametrize("folder", [each for each in FOLDERS if chatting(each)], ids=lambda folder: folder.name)
def test_the_chat_that_it_shows_is_answered(folder: Path, tmp_path: Path) -> None:
    """With the settings that it shows, but for the address and the key."""
    (words,) = re.findall(r"^\$ lockgate (chat -m .*)$", readme(folder), re.MULTILINE)
    name = shlex.split(words)[2].partition("/")[0]
    row = next(
        shown["providers"][name]
        for text in settings_of(folder)
        if name in (shown := yaml.safe_load(text)).get("providers", ())
    )
    contract = next(each for each in chatting(folder) if each.kind == row["kind"])
    with standing_in(contract) as (url, seen):
        path = urlsplit(str(contract.settings.get("base_url", ""))).path
        there = {"base_url": url + path, "credential_ref": "env:THE_KEY", "private_addresses": ["127.0.0.0/8"]}
        (tmp_path / "lockgate.yaml").write_text(json.dumps({"providers": {name: {**row, **there}}}))
        done = subprocess.run(
            [Path(sys.executable).with_name("lockgate"), *shlex.split(words)],
            cwd=tmp_path,
            env={**os.environ, "THE_KEY": KEY},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert contract.samples.text.choices[0].text in done.stdout, done.stderr
    assert len(seen) == 1


def as_written(field: msgspec.structs.FieldInfo) -> Any:
    """The default as a README writes it; `required` where there is none."""
    if field.required:
        return "required"
    return field.default if isinstance(field.default, str | int | float | bool) else None


def literal(cell: str) -> Any:
    """What a cell says in so many words, or None."""
    if cell == "required":
        return cell
    if re.fullmatch(r"`[^`{}]+`", cell):
        return {"true": True, "false": False}.get(cell[1:-1], cell[1:-1])
    return float(cell) if re.fullmatch(r"[\d.]+", cell) else None


def rows(folder: Path) -> list[list[str]]:
    """Of the tables of settings."""
    lines = [line for table in _TABLE.findall(readme(folder)) for line in table.splitlines()]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
