"""`lockgate models`, `providers` and `plugins`: for people, and with --json for programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from lockgate.cli import offered_commands
from lockgate.cli.root import root
from lockgate.plugins import LoadedPlugin, Plugins, Quarantined
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import Weights

SETTINGS = """\
providers:
  local: {kind: openai-compatible, base_url: "http://127.0.0.1:1/v1", models: [tiny, org/big]}
  cloud: {kind: openai-compatible, base_url: "https://models.example/v1", credential_ref: "env:CANARY_KEY"}
routes:
  fast: {targets: [local/tiny, cloud/tiny]}
"""
CARDS = """\
providers:
  local:
    kind: openai-compatible
    base_url: "http://127.0.0.1:1/v1"
    models:
      - id: small
        context_tokens: 8192
        max_output_tokens: 1024
        inputs: [text, image]
        tools: true
        structured_output: false
        price:
          rates: {input: 0.1, output: 2.5, cache_read: 0.01}
          source: https://maker.test/prices
          as_of: "2026-11-20"
        retires: "2027-01-31"
      - plain
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANARY_KEY", "sk-canary-5T7uYq2L")
    (tmp_path / "lockgate.yaml").write_text(SETTINGS)
    return tmp_path


def ask(*arguments: str) -> Any:
    shown = CliRunner().invoke(root, [*arguments, "--json"])
    assert shown.exit_code == 0, shown.output
    assert "canary" not in shown.output.replace("env:CANARY_KEY", "")
    return json.loads(shown.stdout)


def test_models_are_the_routes_and_each_catalogue() -> None:
    assert [each["model"] for each in ask("models")] == ["fast", "local/tiny", "local/org/big"]
    assert ask("models")[0]["targets"] == ["local/tiny", "cloud/tiny"]
    shown = CliRunner().invoke(root, ["models"])
    assert "local/org/big" in shown.stdout
    assert "ask for any it has, as cloud/MODEL" in shown.stderr


def test_models_show_what_is_known_of_them_and_json_tells_it_all(here: Path) -> None:
    (here / "lockgate.yaml").write_text(CARDS)
    shown = CliRunner().invoke(root, ["models"])
    lines = [line.split("   ") for line in shown.stdout.splitlines()]
    assert [cell.strip() for cell in lines[1] if cell] == [
        *("local/small", "openai-compatible", "8,192", "1,024", "tools, image", "0.1", "2.5", "2027-01-31")
    ]
    assert lines[2] == ["local/plain", "openai-compatible"]
    small, plain = ask("models")
    assert small["card"]["price"] == {
        "rates": {"input": "0.1", "output": "2.5", "cache_read": "0.01"},
        "source": "https://maker.test/prices",
        "as_of": "2026-11-20",
    }
    assert plain["card"] == {"id": "plain"}


async def test_models_are_discovered_by_asking_the_provider(settings: Path, start: Any, upstream: Any) -> None:
    upstream.models = b'{"data": [{"id": "tiny", "max_model_len": 4096}, {"id": "new"}]}'
    code, out, _ = await (await start("models", "--discover", "--json")).end()
    assert code == 0
    assert [(each["model"], each["card"].get("context_tokens")) for each in json.loads(out)] == [
        ("local/tiny", 4096),
        ("local/new", None),
    ]


async def test_a_provider_that_does_not_tell_its_models_is_an_error(settings: Path, start: Any, upstream: Any) -> None:
    upstream.status = 503
    code, out, err = await (await start("models", "--discover")).end()
    assert code == 1
    assert "error: local: " in err
    assert "tiny" not in out


def test_models_of_one_provider_are_those_it_answers() -> None:
    assert [each["model"] for each in ask("models", "--provider", "cloud")] == ["fast"]
    shown = CliRunner().invoke(root, ["models", "--provider", "clod"])
    assert shown.exit_code == 1
    assert shown.stderr == "error: no provider is called 'clod'; there are: local, cloud\n"


def test_providers_tell_where_and_by_which_key_and_never_the_key() -> None:
    local, cloud = ask("providers")
    assert (local["origins"], local["credential_ref"], local["models"]) == (["http://127.0.0.1:1"], None, 2)
    assert (cloud["origins"], cloud["credential_ref"]) == (["https://models.example"], "env:CANARY_KEY")
    shown = CliRunner().invoke(root, ["providers"])
    assert "env:CANARY_KEY" in shown.stdout
    assert "sk-canary" not in shown.output


def test_a_table_in_a_pipe_has_a_line_a_row_however_long(here: Path) -> None:
    name = "a-very-long-provider-id-" + "x" * 200
    (here / "lockgate.yaml").write_text(SETTINGS.replace("  cloud:", f"  {name}:").replace("cloud/", f"{name}/"))
    lines = CliRunner().invoke(root, ["providers"]).stdout.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith(name)


@pytest.mark.parametrize("status", [200, 503])
async def test_a_provider_is_tested_by_a_real_call(status: int, settings: Path, start: Any, upstream: Any) -> None:
    upstream.status = status
    code, out, _ = await (await start("providers", "--test", "--json")).end()
    (row,) = json.loads(out)
    assert (code, row["ok"]) == ((0, True) if status == 200 else (1, False))
    assert row["seconds"] >= 0
    assert len(upstream.seen) == 1
    assert ("error" in row) == (status != 200)


PULLED = Weights(
    name="small",
    summary="a small one",
    size_bytes=98_000_000,
    license="Apache-2.0",
    pull=lambda folder, _: folder / "f",
)


def offer(monkeypatch: Any, **offered: Any) -> None:
    """Lets discovery find this."""
    discovered: Callable[..., Plugins] = lambda *_, **__: Plugins(**offered)  # noqa: E731
    monkeypatch.setattr(offered_commands, "discovered", discovered)


def test_weights_are_listed_and_pulled_by_name(monkeypatch: Any, tmp_path: Path) -> None:
    offer(monkeypatch, weights={"small": PULLED})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    listed = CliRunner().invoke(root, ["models", "pull"])
    assert listed.stdout.splitlines()[1].split() == ["small", "98", "MB", "Apache-2.0", "a", "small", "one"]
    shown = CliRunner().invoke(root, ["models", "pull", "small"])
    assert (shown.exit_code, shown.stdout) == (0, f"{tmp_path}/lockgate/models/f\n")
    unknown = CliRunner().invoke(root, ["models", "pull", "smal"])
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "there are: small" in unknown.stderr


def test_weights_that_do_not_come_are_an_error(monkeypatch: Any) -> None:
    def pull(folder: Path, progress: Any) -> Path:
        raise SettingsError("the index does not answer; try again")

    broken = Weights(name="small", summary="", size_bytes=1, license="MIT", pull=pull)
    offer(monkeypatch, weights={"small": broken})
    shown = CliRunner().invoke(root, ["models", "pull", "small"])
    assert shown.exit_code == 1
    assert "error: the index does not answer; try again\n" in shown.stderr


@click.command("greet")
@click.argument("name")
def greet(name: str) -> None:
    """Says hello."""
    click.echo(f"hello {name}")


@click.command("serve")
def serve() -> None:
    """Would take over."""
    click.echo("taken over")


def test_a_command_that_a_plugin_offers_runs(monkeypatch: Any) -> None:
    offer(monkeypatch, commands={"greet": greet})
    assert CliRunner().invoke(root, ["greet", "Ada"]).stdout == "hello Ada\n"
    assert ask("plugins")["commands"] == ["greet"]


def test_a_command_with_a_name_of_lockgates_own_is_refused_with_a_message(monkeypatch: Any) -> None:
    offer(monkeypatch, commands={"serve": serve, "greet": greet})
    assert "taken over" not in CliRunner().invoke(root, ["serve", "--help"]).output
    for arguments in (["greet", "Ada"], ["plugins"]):
        shown = CliRunner().invoke(root, arguments)
        assert "a plugin offers the command 'serve', which lockgate has itself" in shown.stderr
    assert ask("plugins")["commands"] == ["greet"]


def test_an_unknown_command_names_plugins_that_were_set_aside(monkeypatch: Any) -> None:
    broken = Quarantined(name="acme", distribution="llm-plugin-acme", version="1", reason="raises at import: OSError")
    offer(monkeypatch, quarantined=(broken,))
    shown = CliRunner().invoke(root, ["acme-login"])
    assert shown.exit_code == 2
    assert "plugin acme (llm-plugin-acme) was set aside: raises at import: OSError" in shown.stderr


def test_plugins_tell_what_became_of_each(monkeypatch: Any) -> None:
    loaded = LoadedPlugin(name="good", distribution="llm-plugin-good", version="2", hooks=("register_models",))
    broken = Quarantined(name="acme", distribution="llm-plugin-acme", version="1", reason="raises at import: OSError")
    offer(monkeypatch, loaded=(loaded,), quarantined=(broken,), left_out=("llm-plugin-spare",))
    shown = CliRunner().invoke(root, ["plugins"]).stdout
    assert shown.splitlines()[1].split() == ["good", "llm-plugin-good", "2", "models"]
    assert "acme (llm-plugin-acme 1): raises at import: OSError" in shown
    assert "llm-plugin-spare" in shown
    told = ask("plugins")
    assert told["quarantined"][0]["reason"] == "raises at import: OSError"
    assert told["left_out"] == ["llm-plugin-spare"]


def test_plugins_obey_the_allow_list_of_the_settings(here: Path) -> None:
    (here / "lockgate.yaml").write_text("plugins: {allow: [llm-plugin-openai]}\n")
    told = ask("plugins")
    assert "llm-plugin-llamacpp" in told["left_out"]
    assert {each["distribution"] for each in told["loaded"]} == {"lockgate", "llm-plugin-openai"}
