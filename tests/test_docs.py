"""The README and the docs stay true: links, settings, code and commands in them work."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from lockgate.loading import load

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    {ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("plugins/*/*.md")}
)
FENCE = re.compile(r"^( *)(```+)(\w*)[^\n]*\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


class Block(NamedTuple):
    """A fenced piece of a page; `line` counts from 1 and is that of the fence."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in FENCE.finditer(text):
        indent, _, language, body = found.groups()
        dedented = "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))
        yield Block(language, dedented, text.count("\n", 0, found.start()) + 1)


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings answer to, as GitHub derives them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def settings_blocks() -> Iterator[object]:
    for page in PAGES:
        for block in blocks(page):
            if block.language == "yaml" and block.text.startswith("# lockgate.yaml"):
                yield pytest.param(block.text, id=f"{page.relative_to(ROOT)}:{block.line}")


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text()))
    faults = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        path, _, fragment = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (fragment and there.suffix == ".md" and fragment not in anchors(there)):
            faults.append(target)
    assert not faults


@each_page
def test_python_is_python(page: Path) -> None:
    for block in blocks(page):
        if block.language == "python":
            compile(
                block.text, f"{page}:{block.line}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST
            )


@each_page
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = page.read_text()
    code = [block.text for block in blocks(page)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    asked = {target for piece in code for target in re.findall(r"(?:^|[;&]\s*|\$ )make ([a-z]+)", piece, re.MULTILINE)}
    assert asked <= targets


@pytest.mark.parametrize("text", list(settings_blocks()))
def test_settings_are_faultless_in_every_environment(text: str, tmp_path: Path) -> None:
    path = tmp_path / "lockgate.yaml"
    path.write_text(text)
    variables = dict.fromkeys(re.findall(r"\$\{(\w+)", text), "1")
    for environment in (None, *(yaml.safe_load(text).get("environments") or ())):
        load(path, environment=environment, env=variables)
