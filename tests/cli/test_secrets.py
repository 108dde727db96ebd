"""`lockgate secrets`: keys go in without echo, and never come out."""

import json
import os
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lockgate.adapters.file_secrets import FileSecrets
from lockgate.cli.root import root
from lockgate.secret_file import put
from lockgate_ports.errors import SettingsError

KEY = "sk-canary-5T7uYq2LmN8pR4vX"
Start = Callable[..., Awaitable[Any]]


def run(*arguments: str, piped: str | None = None, home: Path | None = None) -> Result:
    env = {"XDG_CONFIG_HOME": str(home)} if home is not None else {}
    return CliRunner().invoke(root, ["secrets", *arguments], input=piped, env=env)


async def test_a_key_is_kept_for_its_owner_alone_and_the_gateway_reads_it(tmp_path: Path) -> None:
    shown = run("set", "openai", piped=f"{KEY}\n", home=tmp_path)
    assert shown.exit_code == 0
    path = tmp_path / "lockgate" / "secrets.yaml"
    assert f"file:{path}#openai" in shown.output
    assert KEY not in shown.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (await FileSecrets().fetch(f"file:{path}#openai")).reveal() == KEY
    listed = run("list", home=tmp_path)
    assert "openai" in listed.output
    assert KEY not in listed.output


@pytest.mark.parametrize("name", ["keys.yaml", "keys.json"])
@pytest.mark.parametrize("value", ["0123", "yes", "a: b", "null", 'q"uo\\te', "schlüssel-ß", "{}", "~"])
async def test_every_value_comes_back_as_it_was(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / name
    assert not put(path, "first", "1")
    assert not put(path, "odd", "x")
    assert put(path, "odd", value)
    store = FileSecrets()
    assert (await store.fetch(f"file:{path}#odd")).reveal() == value
    assert (await store.fetch(f"file:{path}#first")).reveal() == "1"


async def test_a_key_deeper_down_is_replaced_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"openai": {"key": "old", "org": "acme"}}')
    assert put(path, "openai.key", "new")
    assert json.loads(path.read_text()) == {"openai": {"key": "new", "org": "acme"}}
    assert run("list", "--file", str(path), "--json").output.count("file:") == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# mine\nkey: x\n", "comments"),
        ("- x\n", "mapping"),
        ("a: [", "neither YAML"),
        ("key: {a: x}\n", "more than one"),
    ],
)
def test_a_file_that_would_lose_something_is_left_as_it_is(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        put(path, "key", KEY)
    assert path.read_text() == text
    assert os.listdir(tmp_path) == ["keys.yaml"]


def test_nothing_is_kept_for_nothing(tmp_path: Path) -> None:
    shown = run("set", "openai", piped=" \n", home=tmp_path)
    assert shown.exit_code == 1
    assert list(tmp_path.iterdir()) == []
    assert run("set", "a#b", piped=KEY, home=tmp_path).exit_code == 1


async def test_check_tells_for_each_reference_whether_it_resolves(start: Start, settings: Path, tmp_path: Path) -> None:
    text = settings.read_text().replace("server:", "server:\n  client_credential_refs: [env:MISSING]")
    settings.write_text(text)
    code, out, err = await (await start("secrets", "check")).end()
    assert code == 1, err
    assert "env:CANARY_KEY (providers.local): is there" in out
    assert "env:MISSING (server.client_credential_refs): the environment variable MISSING is not set" in out
    assert KEY not in out + err
    code, out, err = await (await start("secrets", "check", "--json", MISSING="x")).end()
    assert (code, [each["error"] for each in json.loads(out)]) == (0, [None, None])
