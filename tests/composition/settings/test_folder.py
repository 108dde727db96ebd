"""Settings in a folder of files."""

from pathlib import Path

import pytest

from lockgate.plugins import Plugins
from lockgate.settings import Settings, SettingsFaults, load_settings


def loaded(folder: Path, offers: Plugins, **files: str) -> Settings:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return load_settings(folder, environment=None, env={}, offers=offers)


A = "providers: {a: {kind: openai-compatible, base_url: http://h}}\n"
R = "routes: {r: {targets: [a/x]}}\n"


def test_files_are_laid_together(tmp_path: Path, offers: Plugins) -> None:
    more = "providers: {b: {kind: openai-compatible, base_url: http://h}}\nserver: {port: 1}\n"
    settings = loaded(tmp_path, offers, providers=A, routes=R, server=more)
    assert (list(settings.providers), list(settings.routes), settings.server.port) == (["a", "b"], ["r"], 1)


def test_what_stands_in_two_files_is_a_fault_that_names_both(tmp_path: Path, offers: Plugins) -> None:
    with pytest.raises(SettingsFaults) as caught:
        loaded(tmp_path, offers, one=A, two=A + "server: {prt: 1}\n")
    said = [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]
    assert f"two.yaml:1:17: providers.a.kind: stands twice; the first is at {tmp_path}/one.yaml:1" in said
    assert any(each.startswith("two.yaml:2:10: server.prt: unknown key") for each in said)


def test_every_file_that_cannot_be_read_is_told(tmp_path: Path, offers: Plugins) -> None:
    with pytest.raises(SettingsFaults) as caught:
        loaded(tmp_path, offers, one="a: [", two="- x", three=A)
    assert len(caught.value.faults) == 2


def test_a_folder_without_settings_is_a_fault(tmp_path: Path, offers: Plugins) -> None:
    with pytest.raises(SettingsFaults, match="holds no file"):
        loaded(tmp_path, offers)
