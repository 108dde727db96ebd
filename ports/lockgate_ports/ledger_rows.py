"""Rows of a ledger as bytes, and the chain that binds each to all before it: the same for every store."""

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec import Struct

from lockgate_ports.ledger import AuditEvent
from lockgate_ports.records import CallRecord

GENESIS = bytes(32)
"""The hash before the first row."""


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a row says: a call or an audit event, and when it was written down (seconds since 1970)."""

    at: float
    call: CallRecord | None = None
    audit: AuditEvent | None = None


class CallColumns(Struct, frozen=True, kw_only=True):
    """What is added up of a call. The chain does not hold these apart: they follow from the row's body."""

    at: float
    tenant: str | None
    user: str | None
    key: str | None
    model: str
    provider: str | None
    route: str | None
    profile: str | None
    operation: str
    surface: str
    outcome: str
    """`ok`, or the error's code."""
    attempts: int
    metered: bool
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    usd: Decimal | None
    """What is known of its cost; None when nothing is."""
    basis: str | None
    """The basis of the cost; None when nothing can have been charged."""


_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_DECODE = msgspec.json.Decoder(Entry).decode


def encode(entry: Entry) -> bytes:
    """The body of a row, as JSON (UTF-8)."""
    return _ENCODE(entry)


def decode(body: bytes) -> Entry:
    """Back from `encode`. Raises msgspec.MsgspecError."""
    return _DECODE(body)


def seal(previous: bytes, number: int, body: bytes) -> bytes:
    """The hash of row `number` (from 1 up): SHA-256 of the hash before it, its number (8 bytes, big end first), and
    its body."""
    return sha256(previous + number.to_bytes(8, "big") + body).digest()


def columns(at: float, call: CallRecord) -> CallColumns:
    """What there is to add up of `call`."""
    usage, cost, caller = call.usage, call.cost, call.caller
    return CallColumns(
        at=at,
        tenant=caller.tenant,
        user=caller.user,
        key=caller.key_id,
        model=call.request_model,
        provider=call.provider_id,
        route=call.route,
        profile=call.profile_id,
        operation=call.operation,
        surface=call.surface,
        outcome=call.error or "ok",
        attempts=len(call.attempts),
        metered=usage is not None or not call.attempts,
        input_tokens=(usage.input_tokens or 0) if usage is not None else 0,
        output_tokens=(usage.output_tokens or 0) if usage is not None else 0,
        cache_read_tokens=(usage.cache_read_tokens or 0) if usage is not None else 0,
        usd=cost.usd if cost is not None else None,
        basis=cost.basis if cost is not None else None,
    )


GROUPS: Mapping[str, str] = {
    "tenant": "tenant",
    "user": "user",
    "key": "key",
    "model": "model",
    "provider": "provider",
    "route": "route",
    "profile": "profile",
    "operation": "operation",
    "surface": "surface",
    "outcome": "outcome",
}
"""The columns that sums may be taken by, for each word of a query that is one."""
