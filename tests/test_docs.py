"""The README and the docs stay true: links, settings, code and commands in them work."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml
from pages import FENCE, blocks

from llm_plugin_openai.dialect import OpenAIChat
from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate.cli.root import root
from lockgate.loading import load
from lockgate_core.stream_rules import StreamRules
from lockgate_ports import errors
from lockgate_ports.errors import ErrorKind, LockgateError, UpstreamError
from lockgate_ports.hooks import PluginHooks
from lockgate_ports.wire import Inbound

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(
    {ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("plugins/*/*.md")}
)
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


class EnvAsText(yaml.SafeLoader):
    """Reads `!env` as the text that it is."""


EnvAsText.add_constructor("!env", lambda loader, node: node.value)


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
    for environment in (None, *(yaml.load(text, Loader=EnvAsText).get("environments") or ())):
        load(path, environment=environment, env=variables)


@each_page
def test_yaml_is_yaml(page: Path) -> None:
    for block in blocks(page):
        if block.language == "yaml":
            assert isinstance(yaml.load(block.text, Loader=EnvAsText), dict), f"{page}:{block.line}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    queue = [ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page not in reached:
            reached.add(page)
            links = re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", page.read_text())
            queue += [path for link in links if (path := (page.parent / link).resolve()).exists()]
    assert {page for page in PAGES if not page.relative_to(ROOT).parts[0].startswith(".")} - reached == set()


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "examples").iterdir()), ids=lambda path: path.name)
def test_an_example_stands_on_a_page_as_it_is(path: Path) -> None:
    if path.suffix in (".py", ".yaml"):
        assert any(block.text == path.read_text() for page in PAGES for block in blocks(page)), (
            f"no page shows {path.name} as it stands"
        )


def typed_commands() -> Iterator[object]:
    """What a reader types: each `lockgate ...` after the prompt of a console block, in shell lines and in prose."""
    for page in PAGES:
        typed = re.findall(r"`(lockgate [^`]+)`", FENCE.sub("", page.read_text()))
        for block in blocks(page):
            if block.language == "console":
                typed += re.findall(r"^\$ (.*)", block.text, re.MULTILINE)
            elif block.language == "sh":
                typed += block.text.splitlines()
        for line in typed:
            for words in re.findall(r"(?:^|\| )lockgate ([^|>#]*)", line):
                yield pytest.param(words, id=f"{page.relative_to(ROOT)}:{words.strip()}")


@pytest.mark.parametrize("words", list(typed_commands()))
def test_a_command_and_its_options_exist(words: str) -> None:
    command: click.Command = root
    context = click.Context(root)
    value_follows = False
    for word in re.sub(r"\"[^\"]*\"", "TEXT", words).split():
        if value_follows:
            value_follows = False
        elif word.startswith("-") and word != "-":
            options = {name: each for each in command.get_params(context) for name in each.opts}
            assert word in options
            value_follows = not getattr(options[word], "is_flag", False)
        elif isinstance(command, click.Group) and word != "COMMAND":
            found = command.get_command(context, word)
            assert found is not None, word
            command = found
    with pytest.raises(SystemExit) as left:
        command.main(["--help"], prog_name="lockgate")
    assert left.value.code == 0


@pytest.mark.parametrize("page", [ROOT / "README.md", *ROOT.glob("docs/*.md")], ids=lambda page: page.name)
def test_curl_sends_what_the_gateway_reads(page: Path) -> None:
    for block in blocks(page):
        if block.language in ("sh", "console"):
            for body in re.findall(r"curl .*?-d '([^']*)'", block.text, re.DOTALL):
                OpenAIChat().read_request(Inbound("POST", "/v1/chat/completions", {}, body.encode()))


@pytest.mark.parametrize("name", ["settings", "providers"])
def test_a_written_page_is_what_the_code_says(name: str) -> None:
    """Fails when a setting or a plugin was changed and `make docs` was not run."""
    command = [sys.executable, ROOT / "docs" / f"{name}_page.py", "--print"]
    written = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / f"{name}.md").read_text() == written.stdout


def error_codes() -> dict[str, int]:
    """Every code that a client may be told, and its status."""
    kinds: list[type[LockgateError]] = [LockgateError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.code: kind.status for kind in kinds if kind.__module__ == errors.__name__}
    codes |= {(error := UpstreamError("", kind=kind)).code: error.status for kind in get_args(ErrorKind)}
    truncated = StreamRules().truncated()
    return {**codes, truncated.code: truncated.status}


def test_every_error_code_is_on_the_page() -> None:
    page = (ROOT / "docs" / "server.md").read_text()
    told = {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, re.MULTILINE)}
    expected = {code: status for code, status in error_codes().items() if code != UpstreamError.code}
    assert told == {**expected, "bad_http": 400}


def test_every_metric_is_on_the_page() -> None:
    page = (ROOT / "docs" / "server.md").read_text()
    told = re.findall(r"^\| `(\w+)` \| (?:histogram|counter) \|", page, re.MULTILINE)
    families = re.findall(r"^# TYPE (\w+) (?:histogram|counter)$", MemoryMetrics().exposition().decode(), re.MULTILINE)
    assert sorted(told) == sorted(families)


def test_every_hook_and_port_is_on_its_page() -> None:
    hooks = {name for name in vars(PluginHooks) if name.startswith("register_")}
    assert set(re.findall(r"^## `(\w+)`$", (ROOT / "docs" / "hooks.md").read_text(), re.MULTILINE)) == hooks
    sources = "".join(path.read_text() for path in (ROOT / "ports" / "lockgate_ports").glob("*.py"))
    ports = set(re.findall(r"^class (\w+Port)\(Protocol\)", sources, re.MULTILINE))
    assert ports <= set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "ports.md").read_text(), re.MULTILINE))


def test_every_command_is_on_its_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()
    assert re.findall(r"^## (\S+)$", page, re.MULTILINE) == root.list_commands(click.Context(root))


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


@each_page
def test_no_path_of_one_machine(page: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|Users)/\S*", page.read_text()) == []
