"""A plugin that is really installed: its command runs, a broken one is told of where it matters and nowhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LOCKGATE = Path(sys.executable).with_name("lockgate")
GOOD = """
import click
from lockgate_ports.hooks import hookimpl

@click.command("greet")
@click.argument("name")
def greet(name):
    \"\"\"Says hello.\"\"\"
    click.echo(f"hello {name}")

@hookimpl
def register_commands():
    return [greet]
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Runs `lockgate` where two distributions are installed: `good`, and `broken`, which raises at import."""
    site = tmp_path / "site"
    for name, code in (("good", GOOD), ("broken", "raise RuntimeError('no libfoo here')")):
        info = site / f"llm_plugin_{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"llm_plugin_{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: llm-plugin-{name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[lockgate.plugins]\n{name} = llm_plugin_{name}\n")

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "PYTHONPATH": str(site)}
        return subprocess.run(
            [LOCKGATE, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_a_plugins_command_runs_and_completes(run: Any) -> None:
    done = run("greet", "Ada")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello Ada\n", "")
    assert "Says hello." in run("greet", "--help").stdout


def test_a_broken_plugin_is_told_of_by_plugins_and_check(run: Any) -> None:
    told = json.loads(run("plugins", "--json").stdout)
    assert [(each["name"], each["reason"]) for each in told["quarantined"]] == [
        ("broken", "raises at import: RuntimeError: no libfoo here")
    ]
    assert "broken (llm-plugin-broken): raises at import" in run("check").stdout


@pytest.mark.parametrize("command", ["plugins", "models", "providers", "check"])
def test_a_broken_plugin_is_no_noise(run: Any, command: str) -> None:
    done = run(command)
    assert done.returncode == 0
    assert done.stderr == ""


def test_a_command_that_is_not_there_may_be_a_broken_plugins(run: Any) -> None:
    done = run("brokn")
    assert done.returncode == 2
    assert "plugin broken (llm-plugin-broken) was set aside: raises at import" in done.stderr
    assert "No such command" in done.stderr


def test_a_plugin_that_is_not_allowed_is_not_even_imported(run: Any, tmp_path: Path) -> None:
    (tmp_path / "lockgate.yaml").write_text("plugins: {allow: [llm-plugin-openai]}\n")
    assert run("greet", "Ada").returncode == 2
    assert {"llm-plugin-broken", "llm-plugin-good"} <= set(json.loads(run("plugins", "--json").stdout)["left_out"])


def test_a_reader_that_leaves_is_no_error(run: Any, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"'{LOCKGATE}' completion bash | head -1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout
    assert done.stderr == ""
