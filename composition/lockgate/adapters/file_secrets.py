"""Keys in files: `file:/run/secrets/openai`, or a part of one: `file:/run/secrets/keys.yaml#openai.key`."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from lockgate_ports.errors import SettingsError
from lockgate_ports.secret import Secret
from lockgate_ports.secret_store import part_of, secret_of

_LIMIT = 1024 * 1024
_SHARED = stat.S_IRWXG | stat.S_IRWXO
_SHARED_BY_ANOTHER = stat.S_IWGRP | stat.S_IXGRP | stat.S_IRWXO
"""A mounted secret belongs to root and is read through its group: the process could not change that."""


class _Version(Struct, frozen=True):
    """What changes when a file does; `inode` since a mounted secret is replaced by a rename."""

    modified: int
    size: int
    inode: int
    mode: int


class _Held(Struct, frozen=True):
    """A file as it was last read: its text, and what it says when a part of it was asked for."""

    version: _Version
    text: str
    document: Any = None


class FileSecrets:
    """Reads each file once, and again when its time, size or inode changes. Parts of a file are read as YAML or JSON.

    A relative path starts from the working directory of the process.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[Path, bool], _Held] = {}

    async def fetch(self, ref: str) -> Secret:
        """As `read` does, without holding up the loop."""
        path, parse, _ = _taken_apart(ref)
        try:
            held = self._unchanged(path, parse)
        except OSError as error:
            raise _unreadable(ref, error) from None
        return _found(held, ref) if held is not None else await asyncio.to_thread(self.read, ref)

    def read(self, ref: str) -> Secret:
        """The value without the white space around it. Blocks where the file must be read.

        Raises SettingsError when the file is not there, can be read by others than its owner, or does not hold it.
        """
        path, parse, _ = _taken_apart(ref)
        try:
            return _found(self._unchanged(path, parse) or self._read(path, parse), ref)
        except OSError as error:
            raise _unreadable(ref, error) from None
        except _Unfit as error:
            raise SettingsError(f"{ref}: {error}") from None

    async def aclose(self) -> None:
        """Forgets what was read."""
        self._held.clear()

    def _unchanged(self, path: Path, parse: bool) -> _Held | None:
        # A key is fetched for every attempt: a stat is a few microseconds, and a thread would cost far more.
        held = self._held.get((path, parse))
        return held if held is not None and _version(os.stat(path)) == held.version else None

    def _read(self, path: Path, parse: bool) -> _Held:
        # The open file is looked at, not the path: nobody can put another in its place in between.
        # Without O_NONBLOCK, a named pipe would hold this thread until somebody writes into it.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _Unfit("is not a file")
            if os.name == "posix" and status.st_mode & (_SHARED if _own(status) else _SHARED_BY_ANOTHER):
                mode = stat.S_IMODE(status.st_mode)
                raise _Unfit(f"others than its owner can use it (mode {mode:04o}); run: chmod 600 {path}")
            data = file.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise _Unfit(f"is longer than {_LIMIT} bytes")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _Unfit("is not UTF-8 text") from None
        held = _Held(_version(status), text, _parsed(text) if parse else None)
        self._held[path, parse] = held
        return held


class _Unfit(Exception):
    """Why a file is no place for a secret; never what it holds."""


def _taken_apart(ref: str) -> tuple[Path, bool, str]:
    """The file, whether a part of it is meant, and which."""
    where, hash_mark, part = ref.removeprefix("file:").partition("#")
    return Path(where), bool(hash_mark), part


def _found(held: _Held, ref: str) -> Secret:
    _, parse, part = _taken_apart(ref)
    return secret_of(part_of(held.document, part, ref) if parse else held.text, ref)


def _unreadable(ref: str, error: OSError) -> SettingsError:
    return SettingsError(f"{ref}: cannot be read: {error.strerror or type(error).__name__}")


def _own(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid()


def _version(status: os.stat_result) -> _Version:
    return _Version(status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)


def _parsed(text: str) -> Any:
    try:
        # JSON is read as the YAML that it is, and nothing is made into a number: 0123 can be a key.
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  BaseLoader makes strings, lists and dicts alone
    except (yaml.YAMLError, RecursionError):
        # YAML's own message quotes the text around the fault, and that is a secret.
        raise _Unfit("is neither YAML nor JSON; for a file that holds a bare key, leave out the # part") from None
