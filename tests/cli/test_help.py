"""Help, version and completion: quick, and an example for each command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lockgate.cli.root import root

LOCKGATE = Path(sys.executable).with_name("lockgate")
COMMANDS = ["serve", "chat", "check", "models", "providers", "secrets", "plugins", "new-plugin", "completion"]
HEAVY = {"aiohttp", "yaml", "dependency_injector", "opentelemetry", "prometheus_client", "prompt_toolkit", "uvloop"}


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(root, ["--help"])
    assert shown.exit_code == 0
    assert [name for name in COMMANDS if f" {name} " not in shown.output] == []


@pytest.mark.parametrize("path", [[], *([name] for name in COMMANDS), ["models", "pull"]], ids=" ".join)
def test_each_help_is_short_and_has_an_example(path: list[str]) -> None:
    shown = CliRunner().invoke(root, [*path, "--help"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0
    assert " ".join(["lockgate", *path]) in shown.output.partition("Example")[2]
    assert len(shown.output.splitlines()) <= 40
    assert max(map(len, shown.output.splitlines())) <= 80


def test_help_is_quick() -> None:
    """Under 300 ms, in seconds of the processor: other tests that run at the same time do not count."""
    took = []
    for _ in range(5):
        process = subprocess.Popen([LOCKGATE, "--help"], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        took.append(used.ru_utime + used.ru_stime)
    assert min(took) < 0.3


def test_help_imports_no_plugin_and_nothing_heavy() -> None:
    code = "import sys\nfrom lockgate.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    seen = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True, timeout=30
    )
    loaded = {name.partition(".")[0] for name in seen.stderr.split()}
    assert "lockgate" in loaded
    assert not loaded & HEAVY
    assert not [name for name in loaded if name.startswith("llm_plugin_")]


def test_version_names_the_version_installed() -> None:
    from importlib.metadata import version

    assert CliRunner().invoke(root, ["--version"], prog_name="lockgate").output == f"lockgate {version('lockgate')}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    shown = CliRunner().invoke(root, ["completion", shell])
    assert shown.exit_code == 0
    assert f"_LOCKGATE_COMPLETE={shell}_complete" in shown.output


@pytest.mark.parametrize(
    ("words", "offered"),
    [("lockgate ser", ["serve"]), ("lockgate models pu", ["pull"]), ("lockgate serve --ho", ["--host"])],
)
def test_bash_completes(words: str, offered: list[str]) -> None:
    env = {"_LOCKGATE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    shown = subprocess.run([LOCKGATE], env=env, capture_output=True, text=True, timeout=30, check=True)
    assert [line.partition(",")[2] for line in shown.stdout.splitlines()] == offered


@pytest.mark.parametrize(
    "arguments",
    [["nope"], ["serve", "--port", "99999"], ["check", "a.yaml", "--config", "b.yaml"], ["chat", "--max-tokens", "0"]],
)
def test_wrong_usage_exits_with_2(arguments: list[str], tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(root, arguments).exit_code == 2
