"""What the gateway itself writes into the ledger: that it opened, with what, and that it closed."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.metadata import version

import msgspec

from lockgate.settings.model import Settings
from lockgate_ports.errors import LedgerFailed
from lockgate_ports.ledger import AuditEvent, AuditKind, LedgerPort

_log = logging.getLogger("lockgate.ledger")


@asynccontextmanager
async def noted(ledger: LedgerPort | None, settings: Settings) -> AsyncGenerator[None, None]:
    """`opened` before the block, `closed` behind it. Raises LedgerFailed where rows must be kept before answers, and
    this one cannot be: then no call could be answered either."""
    if ledger is None:
        yield
        return
    # References of keys stand in settings, never keys: the digest tells settings apart, and nothing of them.
    digest = sha256(msgspec.json.encode(settings, enc_hook=str, order="deterministic")).hexdigest()
    details = {
        "version": version("lockgate"),
        "providers": ", ".join(settings.providers),
        "routes": str(len(settings.routes)),
        "settings_sha256": digest,
    }
    await _kept(ledger, "opened", details)
    try:
        yield
    finally:
        try:
            await _kept(ledger, "closed", {})
        except LedgerFailed as error:
            _log.error("that the gateway closed could not be written down: %s", error.message)


async def _kept(ledger: LedgerPort, kind: AuditKind, details: dict[str, str]) -> None:
    receipt = ledger.append(AuditEvent(kind=kind, actor="gateway", subject="lockgate", details=details))
    if receipt is not None:
        await receipt
