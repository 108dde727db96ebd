"""Rows of a ledger as bytes, the chain that binds each to all before it, and what is added up: for every store."""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec import Struct, structs

from lockgate_ports.ledger import AuditEvent, Content, KeptContent
from lockgate_ports.records import AttemptRecord, CallRecord
from lockgate_ports.usage import Usage


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a row says: a call or an audit event, and when it was written down (seconds since 1970)."""

    at: float
    call: CallRecord | None = None
    audit: AuditEvent | None = None
    content: Content | None = None
    """Kept beside the row, and no part of its body."""

    @property
    def kind(self) -> str | None:
        """That of an audit event; None for a call."""
        return self.audit.kind if self.audit is not None else None


class End(Struct, frozen=True):
    """Where a chain ends, or begins: number, hash and time of the last row, or of the one before the first."""

    number: int = 0
    hash: bytes = bytes(32)
    at: float = 0.0


class Row(Struct, frozen=True):
    """An entry at its place in the chain."""

    number: int
    entry: Entry
    body: bytes
    hash: bytes


class Line(Struct, frozen=True, kw_only=True):
    """What is added up of one attempt of a call, or of a call without any. The chain does not hold lines apart: they
    follow from the row's body."""

    place: int
    """Which attempt, from 0 up."""
    last: bool
    """The call itself is counted with this attempt."""
    at: float
    tenant: str | None
    user: str | None
    key: str | None
    model: str
    provider: str | None
    target: str | None
    """`provider_id/model`."""
    route: str | None
    profile: str | None
    operation: str
    surface: str
    outcome: str
    """Of the call: `ok`, or the error's code."""
    tried: bool
    """False for a call without an attempt."""
    metered: bool
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    usd: Decimal | None
    """None when it is not known, and when nothing can have been charged."""
    basis: str | None
    """The basis of the cost; None when nothing can have been charged."""


_ENCODE = msgspec.json.Encoder(order="deterministic").encode
_DECODE = msgspec.json.Decoder(Entry).decode
_NO_USAGE = Usage()


def encode(entry: Entry) -> bytes:
    """The body of a row, as JSON (UTF-8)."""
    return _ENCODE(entry if entry.content is None else structs.replace(entry, content=None))


def decode(body: bytes) -> Entry:
    """Back from `encode`. Raises msgspec.MsgspecError."""
    return _DECODE(body)


def seal(previous: bytes, number: int, body: bytes) -> bytes:
    """The hash of row `number` (from 1 up): SHA-256 of the hash before it, its number (8 bytes, big end first), and
    its body."""
    return sha256(previous + number.to_bytes(8, "big") + body).digest()


def link(end: End, entries: Sequence[Entry]) -> list[Row]:
    """The rows that follow on `end`. Time does not run backwards along a chain, whoever's clock is behind."""
    rows: list[Row] = []
    number, previous, at = end.number, end.hash, end.at
    for given in entries:
        number += 1
        entry = given if given.at >= at else structs.replace(given, at=at)
        at = entry.at
        body = encode(entry)
        previous = seal(previous, number, body)
        rows.append(Row(number, entry, body, previous))
    return rows


def kept(number: int, body: bytes, content: Content) -> KeptContent:
    """Content that stands beside the row with this number and body."""
    entry = decode(body)
    said = None if entry.call is None else entry.call.content_sha256
    return KeptContent(number=number, at=entry.at, content=content, intact=said == content.sha256)


def end_of(rows: Sequence[Row]) -> End:
    """Where a chain ends whose last rows these are; there is at least one."""
    return End(rows[-1].number, rows[-1].hash, rows[-1].entry.at)


def lines(entry: Entry) -> list[Line]:
    """What there is to add up of an entry; nothing of an audit event."""
    call = entry.call
    if call is None:
        return []
    if not call.attempts:
        return [_line(entry.at, call, None, 0, last=True)]
    final = len(call.attempts) - 1
    return [_line(entry.at, call, each, place, last=place == final) for place, each in enumerate(call.attempts)]


def _line(at: float, call: CallRecord, attempt: AttemptRecord | None, place: int, *, last: bool) -> Line:
    caller = call.caller
    told = call.usage if attempt is None else attempt.usage
    cost = call.cost if attempt is None else attempt.cost
    usage = told or _NO_USAGE
    return Line(
        place=place,
        last=last,
        at=at,
        tenant=caller.tenant,
        user=caller.user,
        key=caller.key_id,
        model=call.request_model,
        provider=call.provider_id if attempt is None else attempt.provider_id,
        target=None if attempt is None else f"{attempt.provider_id}/{attempt.model}",
        route=call.route,
        profile=call.profile_id,
        operation=call.operation,
        surface=call.surface,
        outcome=call.error or "ok",
        tried=attempt is not None,
        # A try that nobody charges for used nothing.
        metered=told is not None or cost is None,
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        cache_read_tokens=usage.cache_read_tokens or 0,
        usd=cost.usd if cost is not None else None,
        basis=cost.basis if cost is not None else None,
    )
