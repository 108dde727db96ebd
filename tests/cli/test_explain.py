"""`lockgate explain`: decisions from settings alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lockgate.cli.root import root

SETTINGS = """\
providers:
  a:
    kind: openai-compatible
    base_url: http://127.0.0.1:1/v1
    credential_ref: env:A_KEY
    models: [{id: m, tools: false, price: {rates: {input: 1, output: 2}, source: settings, as_of: "2026-11-20"}}]
  b:
    kind: openai-compatible
    base_url: http://127.0.0.1:2/v1
    timeouts: {attempt: 7}
    concurrency: {fixed: 2, max_queued: 3}
routes:
  r: {targets: [a/m, b/n], fallbacks: {context_length: [b/large]}}
profiles:
  p: {model: r, timeouts: {attempt: 9}, stream: {policy: restart}, priority: low}
"""
TOOLS = {"model": "r", "tools": [{"type": "function", "function": {"name": "f"}}],
         "messages": [{"role": "user", "content": "hi"}]}  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lockgate.yaml").write_text(SETTINGS)
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    return tmp_path


def explain(*arguments: str, piped: str = "") -> Result:
    return CliRunner().invoke(root, ["explain", *arguments], input=piped)


def test_a_request_is_told_with_targets_keys_times_and_prices() -> None:
    shown = explain("--model", "r", "--json")
    told = json.loads(shown.stdout)
    assert (shown.exit_code, told["route"]) == (0, "r")
    first, second = told["targets"]
    assert (first["target"], first["keys"], second["timeouts"]["attempt"]) == ("a/m", ["env:A_KEY"], 7)
    assert float(first["price"]["least"]) >= 0
    assert told["otherwise"] == {"context_length": ["b/large"]}


def test_what_holds_at_a_target_is_told_with_whoever_says_so() -> None:
    shown = explain("--model", "p")
    for line in (
        "b/n: timeouts.attempt is 9, by profiles.p.timeouts",
        "b/n runs 2 calls at a time, 3 wait",
        "a stream that fails: restart, by profiles.p.stream",
    ):
        assert line in shown.stdout
    told = json.loads(explain("--model", "p", "--json").stdout)
    assert (told["priority"], told["stream"]["after_commit"]) == ("low", "restart")
    assert told["targets"][1]["slots"][0] == {
        "of": "b/n", "limit": 2, "adaptive": False, "running": 0, "waiting": 0, "max_queued": 3,
    }  # fmt: skip


def test_who_is_not_asked_is_told_with_the_reason() -> None:
    shown = explain("tools.json")
    assert "1. b/n" in shown.stdout
    assert "not asked: a/m calls no tools" in shown.stdout
    assert explain("-", piped=json.dumps(TOOLS)).stdout == shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--model", "rr"], 1, "would be refused (model_not_found): no route or provider is named 'rr'"),
        ([], 2, "Give a FILE with a request, or --model."),
        (["nowhere.json"], 1, "nowhere.json: cannot be read"),
        (["tools.json", "--dialect", "klingon"], 1, "no dialect is called 'klingon'; there are: "),
    ],
)
def test_what_cannot_be_explained_says_why(arguments: list[str], code: int, said: str) -> None:
    shown = explain(*arguments)
    assert (shown.exit_code, said in shown.output) == (code, True), shown.output
