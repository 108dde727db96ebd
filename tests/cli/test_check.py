"""`lockgate check`: every fault at once, in a form that people and editors read."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lockgate.cli.root import root

FAULTY = """\
providers:
  local:
    kind: openai-compatible
    base_urll: http://127.0.0.1:1/v1
routes:
  fast: {targets: [nowhere/tiny]}
"""
FINE = """\
providers:
  local: {kind: openai-compatible, base_url: "http://127.0.0.1:1/v1"}
routes:
  fast: {targets: [local/tiny, local/other]}
environments:
  prod: {}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_faults_are_told_with_their_place_and_the_exit_code_is_1(here: Path) -> None:
    (here / "lockgate.yaml").write_text(FAULTY)
    shown = CliRunner().invoke(root, ["check"])
    assert shown.exit_code == 1
    places = [line.partition(" ")[0] for line in shown.stdout.splitlines()]
    assert "lockgate.yaml:4:5:" in places
    assert any(place.startswith("lockgate.yaml:6:") for place in places)
    assert "did you mean base_url?" in shown.stdout
    assert shown.stdout.splitlines()[-1].endswith("in the settings")


def test_json_has_each_fault_apart(here: Path) -> None:
    (here / "lockgate.yaml").write_text(FAULTY)
    shown = CliRunner().invoke(root, ["check", "--json"])
    told = json.loads(shown.stdout)
    assert (shown.exit_code, told["ok"]) == (1, False)
    fault = next(each for each in told["faults"] if each["line"] == 4)
    assert fault["path"] == "providers.local.base_urll"
    assert fault["file"] == "lockgate.yaml"


@pytest.mark.parametrize("arguments", [[], ["lockgate.yaml"], ["-c", "lockgate.yaml"], ["-e", "prod"]], ids=" ".join)
def test_settings_that_are_fine_are_summed_up(here: Path, arguments: list[str]) -> None:
    (here / "lockgate.yaml").write_text(FINE)
    shown = CliRunner().invoke(root, ["check", *arguments])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("lockgate.yaml is fine")
    assert "local (openai-compatible)" in shown.stdout
    assert "fast -> local/tiny then local/other" in shown.stdout


def test_the_file_named_wins_over_the_environment_variable(here: Path) -> None:
    (here / "other.yaml").write_text(FINE)
    shown = CliRunner().invoke(root, ["check", "other.yaml"], env={"LOCKGATE_CONFIG": "missing.yaml"})
    assert shown.exit_code == 0
    assert CliRunner().invoke(root, ["check"], env={"LOCKGATE_CONFIG": "other.yaml"}).exit_code == 0
    assert CliRunner().invoke(root, ["check"], env={"LOCKGATE_CONFIG": "missing.yaml"}).exit_code == 1


def test_an_environment_that_is_not_there_is_a_fault(here: Path) -> None:
    (here / "lockgate.yaml").write_text(FINE)
    shown = CliRunner().invoke(root, ["check", "--env", "prd"])
    assert shown.exit_code == 1
    assert "did you mean prod?" in shown.stdout


def test_without_a_file_the_embedded_default_is_checked() -> None:
    shown = CliRunner().invoke(root, ["check"])
    assert shown.exit_code == 0
    assert shown.stdout.startswith("the embedded default is fine")


def test_faults_in_front_of_another_command_go_to_stderr(here: Path) -> None:
    (here / "lockgate.yaml").write_text(FAULTY)
    shown = CliRunner().invoke(root, ["models"])
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "lockgate.yaml:4:5:" in shown.stderr


KEYED = FINE.replace('/v1"}', '/v1", credential_refs: ["env:NO_SUCH_KEY", "file:no-such-file"]}').replace(
    "routes:", '  spare: {kind: openai, credential_ref: "env:OFF_KEY", status: disabled}\nroutes:', 1
)


def test_credentials_that_are_not_here_are_faults_all_at_once_with_their_place(here: Path) -> None:
    (here / "lockgate.yaml").write_text(KEYED + "colour: blue\n")
    shown = CliRunner().invoke(root, ["check", "--json"])
    assert shown.exit_code == 1
    told = json.loads(shown.stdout)["faults"]
    found = {(each["code"], each["line"], each["path"]) for each in told}
    assert {(code, path) for code, _, path in found} == {
        ("unset-credential", "providers.local.credential_refs[0]"),
        ("unset-credential", "providers.local.credential_refs[1]"),
        ("unknown-key", "colour"),
    }
    assert {line for code, line, _ in found if code == "unset-credential"} == {
        1 + next(at for at, line in enumerate(KEYED.splitlines()) if "NO_SUCH_KEY" in line)
    }
    near = CliRunner().invoke(root, ["check"], env={"NO_SUCH_KEYS": "x"})
    assert (
        "env:NO_SUCH_KEY: the environment variable NO_SUCH_KEY is not set; did you mean env:NO_SUCH_KEYS?"
        in " ".join(near.stdout.split())
    )


def test_a_machine_without_the_credentials_checks_all_else(here: Path) -> None:
    (here / "lockgate.yaml").write_text(KEYED)
    assert CliRunner().invoke(root, ["check"]).exit_code == 1
    assert CliRunner().invoke(root, ["check", "--no-credentials"]).exit_code == 0
    (here / "lockgate.yaml").write_text(KEYED + "colour: blue\n")
    shown = CliRunner().invoke(root, ["check", "--no-credentials"])
    assert shown.exit_code == 1
    assert "credential" not in shown.stdout
