"""Applied settings are kept: each once, the last ones, and as they stood."""

from pathlib import Path

import pytest

from lockgate.history import History, history_of, put_back, texts
from lockgate_ports.errors import SettingsError


def test_the_same_settings_are_kept_once(tmp_path: Path) -> None:
    history = History(tmp_path / "kept")
    assert history.add({"a.yaml": "x: 1\n"}, "start") is not None
    assert history.add({"a.yaml": "x: 1\n"}, "signal") is None
    assert history.add({"a.yaml": "x: 2\n"}, "file") is not None
    assert [each.number for each in history.entries()] == [1, 2]


def test_the_oldest_go_first_and_numbers_go_on(tmp_path: Path) -> None:
    history = History(tmp_path, keep=3)
    for value in range(5):
        history.add({"a.yaml": str(value)}, "file")
    assert [each.number for each in history.entries()] == [3, 4, 5]
    with pytest.raises(SettingsError, match="number 1"):
        history.of(1)


def test_what_is_kept_is_its_owners_alone(tmp_path: Path) -> None:
    History(tmp_path / "kept").add({"a.yaml": ""}, "start")
    (entry,) = (tmp_path / "kept").iterdir()
    assert entry.stat().st_mode & 0o077 == 0
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


def test_a_folder_comes_back_whole(tmp_path: Path) -> None:
    folder = tmp_path / "conf"
    folder.mkdir()
    (folder / "a.yaml").write_text("a: 1\n")
    (folder / "b.yaml").write_text("b: 1\n")
    history = History(history_of(folder, None))
    entry = history.add(texts(folder), "start")
    (folder / "a.yaml").write_text("a: 2\n")
    (folder / "b.yaml").unlink()
    (folder / "c.yaml").write_text("c: 1\n")
    (folder / "notes.txt").write_text("mine")
    assert entry is not None
    put_back(folder, entry)
    assert texts(folder) == {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"}
    assert (folder / "notes.txt").exists()


def test_an_entry_that_somebody_broke_is_named(tmp_path: Path) -> None:
    (tmp_path / "000001.json").write_text("{")
    with pytest.raises(SettingsError, match="000001"):
        History(tmp_path).entries()
