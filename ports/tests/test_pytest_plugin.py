"""`pytest --lockgate-contract llm_plugin_x` runs the contract of an installed plugin and shows what it can do."""

import os
import subprocess
import sys
from pathlib import Path

from lockgate_ports.testkit.capabilities import COLUMNS


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """What pytest says in an empty folder, without any configuration."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_plugin_that_keeps_its_contract_shows_what_it_can_do(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--lockgate-contract", "llm_plugin_acme", "--lockgate-table", "table.md")
    assert code == 0, said
    head, _, row = (tmp_path / "table.md").read_text().splitlines()
    assert [cell.strip() for cell in head.strip("|").split("|")] == ["kind", *COLUMNS]
    seen = dict(zip(("kind", *COLUMNS), (cell.strip() for cell in row.strip("|").split("|")), strict=True))
    assert row in said
    assert seen["kind"] == "`acme`"
    assert [seen[name] for name in ("chat", "stream", "stream usage", "tools", "parallel tools")] == ["yes"] * 5
    assert [seen[name] for name in ("token count", "embeddings", "rerank", "model list")] == [""] * 4


def test_a_plugin_that_breaks_it_fails_and_shows_nothing(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--lockgate-contract", "llm_plugin_wrong", "--lockgate-table", "table.md")
    assert code == 1
    assert "test_a_failed_call_is_not_repeated" in said
    assert "what it can do" not in said
    assert not (tmp_path / "table.md").exists()


def test_what_has_no_contract_is_told(tmp_path: Path) -> None:
    code, said = run(tmp_path, "--lockgate-contract", "llm_plugin_none")
    assert (code, "llm_plugin_none is not installed here" in said) == (4, True)
    code, said = run(tmp_path, "--lockgate-contract", "llm_plugin_heavy")
    assert code == 4
    assert "llm_plugin_heavy" in said


def test_other_runs_of_pytest_import_nothing_for_it() -> None:
    look = "import sys, lockgate_ports.pytest_plugin; print(sorted(n for n in sys.modules if n.startswith('lockgate')))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "['lockgate_ports', 'lockgate_ports.pytest_plugin']\n"
