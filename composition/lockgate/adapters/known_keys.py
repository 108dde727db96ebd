"""The virtual keys and parents of a file, held in memory and never more than a tenth of a second behind it."""

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from lockgate.adapters.key_file import KeyFile
from lockgate_core.client_keys import ClientKey, taken_apart
from lockgate_core.parents import under
from lockgate_ports.caller import Caller
from lockgate_ports.errors import LockgateError, SettingsError, Unauthenticated

_log = logging.getLogger("lockgate.keys")
_REMEMBERED = 100_000
LOOK_EVERY = 0.1
"""Seconds: nobody is let in on what was known longer ago than that."""


class KnownKeys:
    """Finds a key by its id, whatever their number. Reads all of the file when it is made; blocks then."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now
        self._read()

    def caller(self, shown: str) -> Caller:
        """Who shows this key. Raises Unauthenticated saying why not, and LockgateError when the file is away."""
        parts = taken_apart(shown)
        if parts is None:
            raise Unauthenticated("this API key is not known here")
        self._look()
        key_id, secret = parts
        key, now = self._keys.get(key_id), self._now()
        if key is None or not key.fits(secret, now):
            raise Unauthenticated("this API key is not known here")
        if (state := key.state(now)) != "active":
            raise Unauthenticated(f"the API key {key_id} is {state}; ask whoever gave it to you for another")
        return self._placed(key.caller)

    def placed(self, caller: Caller) -> Caller:
        """Whoever shows no key of the file, with the limits of all that is above him. Raises as `caller` does."""
        self._look()
        return self._placed(caller)

    def told(self) -> str:
        """How many there are, in words. Raises LockgateError when the file is away."""
        self._look()
        return f"{len(self._keys)} keys, {len(self._parents)} parents"

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _placed(self, caller: Caller) -> Caller:
        if not self._parents:
            return caller
        found = self._under.get(caller)
        if found is None:
            found = under(caller, self._parents)
            if len(self._under) >= _REMEMBERED:
                self._under.clear()
            self._under[caller] = found
        return found

    def _know_parents(self) -> None:
        self._parents = self._file.parents()
        self._under: dict[Caller, Caller] = {}

    def _read(self) -> None:
        self._file = KeyFile(self._path)
        self._looked = time.monotonic()
        self._stamp = self._file.stamp
        self._version, found = self._file.since(0)
        self._keys: dict[str, ClientKey] = {key.id: key for key in found}
        self._know_parents()

    def _look(self) -> None:
        """Reads what others have changed. A file that is away lets nobody in."""
        at = time.monotonic()
        if at - self._looked < LOOK_EVERY:
            return
        try:
            status = os.stat(self._path)
            if (status.st_dev, status.st_ino) != self._file.identity:
                self._file.close()
                self._read()
                return
            if (stamp := self._file.stamp) != self._stamp:
                self._version, found = self._file.since(self._version)
                self._keys.update((key.id, key) for key in found)
                self._know_parents()
                self._stamp = stamp
        except (OSError, sqlite3.Error, SettingsError) as error:
            _log.error("the file of keys %s cannot be read: %s", self._path, error)
            raise LockgateError("the keys cannot be read just now; the server's log says why") from None
        self._looked = at
