"""Nothing that belongs to one machine, one index or one account stands in the repository."""

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
IGNORED = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()] + [".git"]

# Each is broken by [] so that this file does not find itself.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w./-])/(work|Users)[/]\w",
    "a package index's address": r"pypi[.]org|python[h]osted[.]org|npmjs[.]org",
    "an API key": r"\b(sk-[A-Za-z0-9_-]{40,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|AIza[\w-]{35}|xox[bp]-\d{8,})",
    "a private key": r"BEGIN [A-Z ]*PRIVATE KEY[-]",
}


def committed() -> Iterator[Path]:
    """Every file but those that .gitignore leaves out."""
    folders = [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if any(fnmatch(path.name, pattern) for pattern in IGNORED):
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    faults = []
    for path in committed():
        text = path.read_bytes().decode(errors="replace")
        faults += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, found.start()) + 1}: {found.group()[:8]}..."
            for found in re.finditer(FORBIDDEN[what], text)
        ]
    assert not faults


def test_constraints_are_exact_versions_without_addresses() -> None:
    line = re.compile(r"[a-z0-9][a-z0-9._-]*==[\w.!+]+( ; [\w\s.'<>=!()]+)?")
    assert not [text for text in (ROOT / "constraints.txt").read_text().splitlines() if not line.fullmatch(text)]


def test_constraints_cover_every_dependency() -> None:
    """Fails when a pyproject.toml was changed and `make constraints` was not run."""
    lines = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    pinned = {line.name: next(iter(line.specifier)).version for line in lines}
    projects = {"lockgate", "lockgate-ports", *(path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml"))}
    dev = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    queue = [Requirement(line) for line in [*projects, *dev]]
    faults, seen = [], set()
    while queue:
        asked = queue.pop()
        name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
        if name not in projects and not (name in pinned and asked.specifier.contains(pinned[name], prereleases=True)):
            faults.append(str(asked))
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        below = [Requirement(line) for line in requires(name) or ()]
        queue += [
            need
            for need in below
            if not need.marker or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras))
        ]
    assert not faults
