"""What the gateway itself writes into the ledger: that it opened, took new settings, closed."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.metadata import version

import msgspec

from lockgate.seat import ALONE, Seat
from lockgate.settings.model import Settings
from lockgate_ports.errors import LedgerFailed
from lockgate_ports.ledger import AuditEvent, AuditKind, LedgerPort

_log = logging.getLogger("lockgate.ledger")


@asynccontextmanager
async def noted(
    now: Callable[[], tuple[LedgerPort | None, Settings]], seat: Seat = ALONE
) -> AsyncGenerator[None, None]:
    """`opened` before the block, `closed` behind it, in the ledger of that time. Raises LedgerFailed where rows must be
    kept before answers, and this one cannot be: then no call could be answered either."""
    who = {} if seat.of == 1 else {"worker": f"{seat.number} of {seat.of}"}
    await _kept(now()[0], "opened", "gateway", _described(now()[1]) | who)
    try:
        yield
    finally:
        try:
            await _kept(now()[0], "closed", "gateway", who)
        except LedgerFailed as error:
            _log.error("that the gateway closed could not be written down: %s", error.message)


async def note_reload(ledger: LedgerPort | None, actor: str, settings: Settings, error: str | None) -> None:
    """That new settings serve, or why they were refused. Raises LedgerFailed as `noted` does."""
    if error is None:
        await _kept(ledger, "config_reloaded", actor, _described(settings))
    else:
        await _kept(ledger, "config_refused", actor, {"error": error})


def _described(settings: Settings) -> dict[str, str]:
    # References of keys stand in settings, never keys: the digest tells settings apart, and nothing of them.
    digest = sha256(msgspec.json.encode(settings, enc_hook=str, order="deterministic")).hexdigest()
    return {
        "version": version("lockgate"),
        "providers": ", ".join(settings.providers),
        "routes": str(len(settings.routes)),
        "settings_sha256": digest,
    }


async def _kept(ledger: LedgerPort | None, kind: AuditKind, actor: str, details: dict[str, str]) -> None:
    if ledger is None:
        return
    receipt = ledger.append(AuditEvent(kind=kind, actor=actor, subject="lockgate", details=details))
    if receipt is not None:
        await receipt
