"""`lockgate check --against OLD --replay FILE`: which requests would go elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lockgate.cli.root import root

PROVIDERS = """\
providers:
  a:
    kind: openai-compatible
    base_url: http://127.0.0.1:1/v1
    models:
      - {id: m, price: {rates: {input: 1, output: 2}, source: settings, as_of: "2026-11-20"}}
      - {id: n, price: {rates: {input: 10, output: 20}, source: settings, as_of: "2026-11-20"}}
"""
ROUTES = "routes: {r: {targets: [a/m]}, s: {targets: [a/m]}, gone: {targets: [a/m]}}"
MESSAGES = [{"role": "user", "content": "x" * 60}]
REQUESTS: list[dict[str, Any]] = [
    {"model": "r", "messages": MESSAGES, "max_tokens": 1000},
    {"model": "s", "messages": MESSAGES},
    {"request": {"model": "gone", "messages": MESSAGES}, "tenant": "acme"},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.yaml").write_text(
        PROVIDERS + "routes: {r: {targets: [a/m]}, s: {targets: [a/m]}, gone: {targets: [a/m]}}"
    )
    (tmp_path / "lockgate.yaml").write_text(PROVIDERS + "routes: {r: {targets: [a/n]}, s: {targets: [a/m]}}")
    (tmp_path / "requests.jsonl").write_text("\n".join(map(json.dumps, REQUESTS)) + "\n")
    return tmp_path


def check(*arguments: str) -> Any:
    return CliRunner().invoke(root, ["check", *arguments])


def test_requests_that_would_go_elsewhere_are_told_with_their_cost() -> None:
    shown = check("--against", "old.yaml", "--replay", "requests.jsonl", "--json")
    first, last = json.loads(shown.stdout)
    assert (first["line"], first["before"], first["after"]) == (1, "a/m", "a/n")
    assert float(first["least"]) == pytest.approx(9 * 10 / 1e6)
    assert float(first["most"]) > 0.018
    assert (last["line"], last["model"], last["after"], last["least"]) == (3, "gone", "model_not_found", None)
    assert "2 of 3 requests would go elsewhere" in check("--against", "old.yaml", "--replay", "requests.jsonl").stdout


def test_a_line_that_is_no_request_is_told_with_its_number(here: Path) -> None:
    (here / "requests.jsonl").write_text('{"model": "r", "messages": []}\n{"model": 7}\n')
    shown = check("--against", "old.yaml", "--replay", "requests.jsonl")
    assert shown.exit_code == 1
    assert "line " in shown.stderr
    assert check("--against", "old.yaml").exit_code == 2


def test_check_names_what_is_declared_and_not_used(here: Path) -> None:
    (here / "lockgate.yaml").write_text(PROVIDERS + "config_keys: {OLD: {purpose: none}}")
    shown = check()
    assert shown.exit_code == 0
    assert "not used   OLD, declared under config_keys" in shown.stdout
