"""What happens beside calls: counted, written into the ledger, and the first of each kind logged."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping

from lockgate.redaction import redact
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import AuditEvent, AuditKind, LedgerPort
from lockgate_ports.metrics import MetricsPort, Note, NoteName

_log = logging.getLogger(__name__)
_KEPT = 1_000
_SAID: Mapping[NoteName, str] = {
    "egress_denied": "the egress policy refused %s: %s",
    "egress_would_deny": "the egress policy would refuse %s: %s",
    "egress_bypassed": "a way out past the egress policy was opened (%s): %s",
    "client_rotation": "%s: the key %s has another value than before",
    "breaker_opened": "%s: the model %s failed too often and is left alone for a while",
    "breaker_closed": "%s: the model %s answers again",
    "stale_key": "%s: the store of %s fails; its last good value goes on serving",
    "shadow_compared": "%s: a copy of a call differs from it: %s",
}
_AUDITED: Mapping[NoteName, AuditKind] = {
    "egress_denied": "egress_denied",
    "egress_bypassed": "plugin_connected",
    "client_rotation": "secret_rotated",
    "breaker_opened": "breaker_opened",
    "breaker_closed": "breaker_closed",
}


class Notebook:
    """Made before the metrics and the ledger, which are adapters with a way out themselves; notes from before wait."""

    def __init__(self) -> None:
        self._metrics: MetricsPort | None = None
        self._ledger: LedgerPort | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[Note] = []
        self._logged: set[Note] = set()
        self._keeping: set[asyncio.Task[None]] = set()

    def __call__(self, note: Note) -> None:
        """Takes it. Any thread may call."""
        if self._metrics is None:
            if len(self._early) < _KEPT:
                self._early.append(note)
        else:
            self._take(note, self._metrics)
        if note not in self._logged and len(self._logged) < _KEPT:
            self._logged.add(note)
            _log.warning(_SAID[note.name], note.provider_id, redact(note.detail))

    def audit(self, event: AuditEvent) -> None:
        """Into the ledger, where there is one. Any thread may call."""
        if self._ledger is not None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._write, event, self._ledger)

    def attach(self, metrics: MetricsPort, ledger: LedgerPort | None) -> None:
        """From now on these are told. Call it on the event loop that the ledger is used on."""
        self._loop = asyncio.get_running_loop()
        self._metrics, self._ledger = metrics, ledger
        for note in self._early:
            self._take(note, metrics)
        self._early.clear()

    def _take(self, note: Note, metrics: MetricsPort) -> None:
        metrics.note(note)
        if (kind := _AUDITED.get(note.name)) is not None:
            details = {"detail": note.detail}
            self.audit(AuditEvent(kind=kind, actor="gateway", subject=note.provider_id, details=details))

    def _write(self, event: AuditEvent, ledger: LedgerPort) -> None:
        kept = ledger.append(event)
        if kept is not None:
            task = asyncio.ensure_future(_kept(kept))
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)


async def _kept(row: Awaitable[None]) -> None:
    try:
        await row
    except LockgateError as error:
        _log.error("an audit event was not kept: %s", error.message)
