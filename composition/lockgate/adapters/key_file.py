"""Virtual keys and their parents in one SQLite file, which the gateways and commands of a machine share. Blocks."""

import os
import sqlite3
from pathlib import Path

import msgspec

from lockgate_core.client_keys import ClientKey
from lockgate_core.parents import Parent
from lockgate_ports.errors import SettingsError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS keys_version ON keys (version);
CREATE TABLE IF NOT EXISTS parents (scope TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
"""
_PUT = "INSERT OR REPLACE INTO keys SELECT ?, coalesce(max(version), 0) + 1, ? FROM keys"
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(ClientKey).decode
_DECODE_PARENT = msgspec.json.Decoder(Parent).decode


class KeyFile:
    """Opens its file, and makes it, readable by its owner alone, where there is none. Raises SettingsError when it
    cannot.

    Each row has a version; a changed one gets the next, so that whoever looks again reads only what is new.
    """

    def __init__(self, path: Path) -> None:
        try:
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            status = os.stat(path)
            self._store = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._store.execute("PRAGMA journal_mode = WAL")
            self._store.execute("PRAGMA synchronous = FULL")
            self._store.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            hint = "" if path.parent.is_dir() else f"; there is no folder {str(path.parent)!r}"
            raise SettingsError(f"auth.keys.path: {path} cannot be used as a file of keys: {error}{hint}") from None
        self.identity = status.st_dev, status.st_ino
        """What tells this file from another that was put in its place."""

    def put(self, *keys: ClientKey) -> None:
        """Keep keys, each in place of the one with its id, all or none."""
        self._store.execute("BEGIN IMMEDIATE")
        try:
            for key in keys:
                self._store.execute(_PUT, (key.id, _ENCODE(key)))
            self._store.execute("COMMIT")
        except BaseException:
            if self._store.in_transaction:  # a commit that fails may have rolled back by itself
                self._store.execute("ROLLBACK")
            raise

    def get(self, key_id: str) -> ClientKey | None:
        """The key with this id."""
        row = self._store.execute("SELECT body FROM keys WHERE id = ?", (key_id,)).fetchone()
        return None if row is None else _DECODE(row[0])

    def since(self, version: int) -> tuple[int, list[ClientKey]]:
        """The newest version, and the keys that were changed after `version`, the oldest change first."""
        rows = self._store.execute(
            "SELECT version, body FROM keys WHERE version > ? ORDER BY version", (version,)
        ).fetchall()
        return (rows[-1][0] if rows else version), [_DECODE(body) for _, body in rows]

    def put_parent(self, parent: Parent) -> None:
        """Keep it, in place of the one with its scope."""
        self._store.execute("INSERT OR REPLACE INTO parents VALUES (?, ?)", (parent.scope, _ENCODE(parent)))

    def parents(self) -> dict[str, Parent]:
        """All of them, by scope."""
        rows = self._store.execute("SELECT scope, body FROM parents ORDER BY scope").fetchall()
        return {scope: _DECODE_PARENT(body) for scope, body in rows}

    @property
    def stamp(self) -> int:
        """A number that changes when somebody else has changed the file."""
        return int(self._store.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Let go of the file."""
        self._store.close()
