"""The settings that were applied, kept as they stood in their files, so that one can go back to them."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from lockgate.settings import Texts
from lockgate_ports.errors import SettingsError

KEPT = 20


class Applied(Struct, frozen=True, kw_only=True):
    """Settings that served. `files` are their texts by name, `at` is in seconds since 1970."""

    number: int
    at: float
    actor: str
    files: Mapping[str, str]


class History:
    """Entries in a folder, a file each, readable by its owner alone. `keep`: how many; the oldest go first."""

    def __init__(self, folder: Path, keep: int = KEPT) -> None:
        self.folder = folder
        self._keep = keep

    def entries(self) -> list[Applied]:
        """The oldest first. Raises SettingsError for one that cannot be read."""
        return [_read(path) for path in self._paths()]

    def of(self, number: int) -> Applied:
        """Raises SettingsError when there is none of that number."""
        found = next((each for each in self.entries() if each.number == number), None)
        if found is None:
            raise SettingsError(f"{self.folder} holds no settings number {number}; see: lockgate config history")
        return found

    def add(self, files: Mapping[str, str], actor: str) -> Applied | None:
        """Keeps them, unless they are those of the last entry. Raises OSError, or SettingsError."""
        paths = self._paths()
        last = _read(paths[-1]) if paths else None
        if last is not None and last.files == files:
            return None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = 1 if last is None else last.number + 1
        while True:
            entry = Applied(number=number, at=time.time(), actor=actor, files=files)
            path = self.folder / f"{number:06}.json"
            try:
                opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:  # another process that serves the same file was quicker
                number += 1
                continue
            with os.fdopen(opened, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(entry), indent=2))
            break
        for old in [*paths, path][: -self._keep]:
            old.unlink(missing_ok=True)
        return entry

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("[0-9]*.json"))


def history_of(path: Path, folder: str | None) -> Path:
    """Where the history of the settings at `path` is kept: in `folder`, or in `.lockgate` beside them."""
    path = path.resolve()
    return path.parent / (folder or ".lockgate") / path.name


def state_of(source: object, folder: str | None) -> Path | None:
    """Where the gateway of these settings keeps what outlives it: beside its history; None where they are no file and
    `folder` names no place."""
    path = source.path if isinstance(source, Texts) else source
    if isinstance(path, str | Path):
        return history_of(Path(path), folder)
    return None if folder is None else Path(folder)


def texts(path: Path) -> dict[str, str]:
    """The files of the settings at `path`, by name. Raises OSError or UnicodeError."""
    return {each.name: each.read_bytes().decode() for each in files(path)}


def files(path: Path) -> list[Path]:
    """The file, or those of the folder."""
    return sorted(each for each in path.glob("*.yaml") if each.is_file()) if path.is_dir() else [path]


Stamp = tuple[tuple[str, int, int, int], ...]


def stamp(path: Path | None) -> Stamp:
    """Differs when something was written to the files. A mounted ConfigMap changes by a link: what is behind it
    counts. `path` None is the embedded default, of which nothing can change."""
    found: list[tuple[str, int, int, int]] = []
    for each in [] if path is None else files(path):
        try:
            status = each.stat()
        except OSError:
            continue
        found.append((each.name, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)


def put_back(path: Path, entry: Applied) -> None:
    """Makes the settings at `path` those of the entry: each file is replaced at once, and what was not there goes.
    Raises OSError."""
    folder = path if path.is_dir() else path.parent
    for name, text in entry.files.items():
        target = path if not path.is_dir() else folder / name
        new = target.with_name(f".{target.name}.new")
        new.write_bytes(text.encode())
        if target.exists():
            new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    if path.is_dir():
        for each in files(path):
            if each.name not in entry.files:
                each.unlink()


def _read(path: Path) -> Applied:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Applied)
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path}: no entry of a history of settings ({error}); remove it") from None
