"""Keys in files."""

import os
from pathlib import Path

import pytest

from lockgate.adapters.file_secrets import FileSecrets
from lockgate_ports.errors import SettingsError


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("text", "part", "value"),
    [
        ("the-key\n", "", "the-key"),
        ("openai: {key: a}\n", "#openai.key", "a"),
        ('{"openai": {"key": "a"}}', "#openai.key", "a"),
        ("openai.key: a\n", "#openai.key", "a"),
        ("key: 0123\n", "#key", "0123"),
        ("key: true\n", "#key", "true"),
    ],
)
async def test_a_file_is_a_key_or_holds_keys_by_path(tmp_path: Path, text: str, part: str, value: str) -> None:
    ref = f"file:{written(tmp_path / 'keys', text)}{part}"
    secret = await FileSecrets().fetch(ref)
    assert (secret.reveal(), secret.ref) == (value, ref)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
async def test_a_file_that_others_can_use_is_refused_with_what_to_run(tmp_path: Path, mode: int) -> None:
    path = written(tmp_path / "keys", "the-key", mode)
    with pytest.raises(SettingsError, match=f"mode 0{mode:o}.*run: chmod 600 {path}"):
        await FileSecrets().fetch(f"file:{path}")


async def test_a_change_of_the_file_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path / "keys", "key: one")
    secrets = FileSecrets()
    assert (await secrets.fetch(f"file:{path}#key")).reveal() == "one"
    written(path, "key: three")
    assert (await secrets.fetch(f"file:{path}#key")).reveal() == "three"
    replacement = written(tmp_path / "next", "key: seven")
    stamp = path.stat()
    os.utime(replacement, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    replacement.replace(path)
    assert (await secrets.fetch(f"file:{path}#key")).reveal() == "seven"
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        await secrets.fetch(f"file:{path}#key")


async def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "keys", "one")
    secrets = FileSecrets()
    await secrets.fetch(f"file:{path}")
    monkeypatch.setattr(os, "open", None)
    assert (await secrets.fetch(f"file:{path}")).reveal() == "one"


@pytest.mark.parametrize(
    ("text", "part", "said"),
    [
        ("a: [CANARY", "#a", "is neither YAML nor JSON"),
        ("a: CANARY", "#b", "there is no 'b'"),
        ("a: CANARY", "#a.b", "not a single value"),
        ("a: {b: CANARY}", "#a", "not a single value"),
        ("CANARY", "#a", "not a single value"),
        ("a: CANARY", "#", "not a single value"),
        ("  \n", "", "is blank"),
        ("a:", "#a", "is blank"),
        ("x" * (1024 * 1024 + 1), "", "is longer than"),
    ],
)
async def test_what_cannot_be_read_is_said_without_what_is_there(
    tmp_path: Path, text: str, part: str, said: str
) -> None:
    path = written(tmp_path / "keys", text)
    with pytest.raises(SettingsError, match=said) as caught:
        await FileSecrets().fetch(f"file:{path}{part}")
    assert "CANARY" not in caught.value.message
    assert str(path) in caught.value.message


async def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        await FileSecrets().fetch(f"file:{tmp_path}/none")
    with pytest.raises(SettingsError, match=r"is not a file|Is a directory"):
        await FileSecrets().fetch(f"file:{tmp_path}")
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(SettingsError, match="is not a file"):
        await FileSecrets().fetch(f"file:{tmp_path}/pipe")


async def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)
    with pytest.raises(SettingsError, match="is not UTF-8"):
        await FileSecrets().fetch(f"file:{path}")
