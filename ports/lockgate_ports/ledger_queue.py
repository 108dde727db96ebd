"""Rows on their way to a store: gathered while it writes, so that one commit serves many calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import time

from msgspec import structs

from lockgate_ports.errors import LedgerFailed
from lockgate_ports.ledger import AuditEvent, Content
from lockgate_ports.ledger_rows import Entry
from lockgate_ports.records import CallRecord

_log = logging.getLogger("lockgate.ledger")
_RETRY_AFTER = 1.0
_GATHER_FOR = 0.05
"""Seconds for which rows behind the calls gather before they are written: a commit costs as much as many rows."""
_LARGEST = 2_000
"""Rows in one write."""

_MOST_LETTERS = 32 * 1024 * 1024
"""Of prompts and answers that wait to be written."""

Write = Callable[[Sequence[Entry]], Awaitable[None]]
"""Keeps the entries for good, all or none. Raises anything. What it is given again after it raised is the same list."""


class LedgerQueue:
    """`put` takes an entry at once. Where it is `durable`, what it returns is done when the entry is kept; else at most
    `most` entries wait, which is also the most that is lost when the process dies.
    """

    def __init__(self, write: Write, *, durable: bool, most: int) -> None:
        self._write = write
        self._durable = durable
        self._most = most
        self._waiting: list[tuple[Entry, asyncio.Future[None] | None]] = []
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self._failing = False
        self._behind = 0
        self._letters = 0
        self._dropping = False
        self.lost = 0
        """Entries that were not kept."""

    def put(self, row: CallRecord | AuditEvent, content: Content | None = None) -> Awaitable[None] | None:
        """Raises nothing; awaiting what it returns raises LedgerFailed."""
        if isinstance(row, AuditEvent):
            entry = Entry(at=time(), audit=row)
        elif content is None:
            entry = Entry(at=time(), call=row)
        else:
            entry = self._with_content(row, content)
        kept: asyncio.Future[None] | None = None
        if self._durable:
            kept = asyncio.get_running_loop().create_future()
        elif len(self._waiting) + self._behind >= self._most:
            self._lose(1, "the queue is full")
            return None
        self._waiting.append((entry, kept))
        if self._writer is None:
            self._writer = asyncio.create_task(self._run(), name="lockgate-ledger")
        return kept

    def _with_content(self, row: CallRecord, content: Content) -> Entry:
        if self._letters > _MOST_LETTERS:
            if not self._dropping:
                self._dropping = True
                _log.error("prompts and answers are not kept while so many wait to be written; their rows are")
            return Entry(at=time(), call=structs.replace(row, content_sha256=None))
        self._dropping = False
        self._letters += _letters(content)
        return Entry(at=time(), call=row, content=content)

    async def aclose(self) -> None:
        """Writes what waits; what cannot be written now is lost."""
        self._closing = True
        if self._writer is not None:
            await self._writer

    async def _run(self) -> None:
        while self._waiting:
            if not self._durable and not self._closing:
                await asyncio.sleep(_GATHER_FOR)
            batch, self._waiting = self._waiting[:_LARGEST], self._waiting[_LARGEST:]
            entries = [entry for entry, _ in batch]
            error = await self._written(entries)
            while error is not None and not self._durable and not self._closing:
                self._behind = len(batch)
                await asyncio.sleep(_RETRY_AFTER)
                error = await self._written(entries)
            self._behind = 0
            if self._letters:
                self._letters -= sum(_letters(entry.content) for entry in entries if entry.content is not None)
            if error is not None:
                self._lose(len(batch), "the store failed")
            for _, kept in batch:
                if kept is not None and not kept.done():
                    if error is None:
                        kept.set_result(None)
                    else:
                        kept.set_exception(LedgerFailed("the call could not be written down; come back later"))
                        kept.exception()  # whoever awaited it may have left
        self._writer = None

    async def _written(self, entries: Sequence[Entry]) -> Exception | None:
        """None when they are kept."""
        try:
            await self._write(entries)
        except Exception as error:  # noqa: BLE001 - whatever the store raises, the gateway lives on and says so
            if not self._failing:
                self._failing = True
                _log.error("the ledger cannot be written: %s: %s", type(error).__name__, str(error)[:200])
            return error
        if self._failing:
            self._failing = False
            _log.warning("the ledger is written again")
        return None

    def _lose(self, count: int, why: str) -> None:
        if not self.lost:
            _log.error("ledger rows are lost (%s); lockgate_ledger_lost counts them", why)
        self.lost += count


def _letters(content: Content) -> int:
    return len(content.prompt or "") + len(content.answer or "")
