"""KeptAnswersPort in one SQLite file, which outlives the process and may be shared by several on a machine."""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

from lockgate_ports.context import Target
from lockgate_ports.errors import SettingsError
from lockgate_ports.kept import KeptAnswer

T = TypeVar("T")

_TABLE = """
CREATE TABLE IF NOT EXISTS kept_answers (
    caller TEXT NOT NULL, id TEXT NOT NULL, created REAL NOT NULL, model TEXT NOT NULL,
    provider_id TEXT, provider_model TEXT, given BLOB NOT NULL, body BLOB NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (caller, id)
)
"""
_BY_AGE = "CREATE INDEX IF NOT EXISTS kept_answers_by_age ON kept_answers (created)"
_KEEP = "INSERT OR REPLACE INTO kept_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FIND = """
SELECT created, model, provider_id, provider_model, given, body FROM kept_answers
WHERE caller = ? AND id = ? AND created >= ?
"""
_TOO_MUCH = """
DELETE FROM kept_answers WHERE rowid IN (
    SELECT rowid FROM (SELECT rowid, SUM(size) OVER (ORDER BY created DESC, rowid DESC) AS so_far FROM kept_answers)
    WHERE so_far > ?
)
"""


class SqliteAnswers:
    """The bounds are those of MemoryAnswers. Opens its file when it is first needed; works in a thread."""

    def __init__(self, path: str, max_bytes: int, max_age: float, wall: Callable[[], float]) -> None:
        self._path = Path(path)
        self._max_bytes = max_bytes
        self._max_age = max_age
        self._wall = wall
        self._connection: sqlite3.Connection | None = None
        self._busy = Lock()
        if not self._path.parent.is_dir():
            raise SettingsError(f"responses.path: there is no folder {str(self._path.parent)!r}; make it first")

    async def keep(self, answer: KeptAnswer) -> None:
        """Keep it; the oldest go when there is no more room. Raises SettingsError when the file cannot be written."""
        holder = answer.holder
        names = (holder.provider_id, holder.model) if holder is not None else (None, None)
        size = len(answer.given) + len(answer.body)
        row = (answer.caller, answer.id, answer.created, answer.model, *names, answer.given, answer.body, size)

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_KEEP, row)
            connection.execute("DELETE FROM kept_answers WHERE created < ?", (self._oldest(),))
            connection.execute(_TOO_MUCH, (self._max_bytes,))

        await self._run(work)

    async def find(self, caller: str, answer_id: str) -> KeptAnswer | None:
        """The caller's own, or None."""

        def work(connection: sqlite3.Connection) -> KeptAnswer | None:
            row = connection.execute(_FIND, (caller, answer_id, self._oldest())).fetchone()
            if row is None:
                return None
            created, model, provider_id, provider_model, given, body = row
            holder = Target(provider_id, provider_model) if provider_id is not None else None
            return KeptAnswer(
                id=answer_id, caller=caller, created=created, model=model, holder=holder, given=given, body=body
            )

        return await self._run(work)

    async def forget(self, caller: str, answer_id: str) -> bool:
        """Whether there was one."""
        delete = "DELETE FROM kept_answers WHERE caller = ? AND id = ?"
        return await self._run(lambda connection: connection.execute(delete, (caller, answer_id)).rowcount > 0)

    async def aclose(self) -> None:
        """Closes the file."""

        def close() -> None:
            with self._busy:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None

        await asyncio.to_thread(close)

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            with self._busy:
                if self._connection is None:
                    self._connection = self._open()
                with self._connection as transaction:
                    return work(transaction)

        try:
            return await asyncio.to_thread(run)
        except sqlite3.Error as error:
            raise SettingsError(f"responses.path: {str(self._path)!r} cannot be used: {error}") from None

    def _open(self) -> sqlite3.Connection:
        # Prompts stand in it: nobody but its owner may read it.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, check_same_thread=False, timeout=10.0)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(_TABLE)
        connection.execute(_BY_AGE)
        return connection

    def _oldest(self) -> float:
        return self._wall() - self._max_age
