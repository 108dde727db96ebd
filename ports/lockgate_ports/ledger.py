"""LedgerPort: durable records of calls and of what was done to the gateway, chained so that no row can be changed."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Literal, Protocol

from msgspec import Struct

from lockgate_ports.records import CallRecord

AuditKind = Literal[
    "opened",
    "closed",
    "config_reloaded",
    "config_refused",
    "key_created",
    "key_changed",
    "key_revoked",
    "egress_denied",
    "breaker_opened",
    "breaker_closed",
    "budget_exceeded",
    "rollout_changed",
    "secret_rotated",
    "plugin_connected",
    "content_read",
]


class AuditEvent(Struct, frozen=True, kw_only=True):
    """Something that an auditor asks about. `actor` did it (a key's id, `cli`, `gateway`) to `subject`."""

    kind: AuditKind
    actor: str
    subject: str
    details: Mapping[str, str] = {}


Audit = Callable[[AuditEvent], None]
"""Takes an event to be written down, at once; raises nothing."""


class Content(Struct, frozen=True, kw_only=True):
    """What is kept of a call's prompt and answer beside its row, as JSON, redacted; None where it is not kept."""

    request_id: str
    keep_for: float
    """Seconds; then it goes, and the row stays."""
    prompt: str | None
    answer: str | None
    cut: bool
    """Some of it was left out for its length."""

    @property
    def sha256(self) -> str:
        """Of both, in hex: what the row of the call says of them."""
        return sha256(f"{self.prompt or ''}\0{self.answer or ''}".encode()).hexdigest()


class KeptContent(Struct, frozen=True, kw_only=True):
    """Content as it was found again. `intact`: it is what the row of its call says."""

    number: int
    """Of that row."""
    at: float
    content: Content
    intact: bool


class AuditQuery(Struct, frozen=True, kw_only=True):
    """Which audit events to tell of: the last `most` of these kinds (none: of all), in a time as in UsageQuery."""

    kinds: tuple[AuditKind, ...] = ()
    since: float | None = None
    until: float | None = None
    most: int = 1_000


class AuditRow(Struct, frozen=True, kw_only=True):
    """An audit event, when it was written down (seconds since 1970), and its number in the chain."""

    number: int
    at: float
    event: AuditEvent


UsageKey = Literal[
    "tenant",
    "user",
    "key",
    "model",
    "provider",
    "target",
    "route",
    "profile",
    "operation",
    "surface",
    "outcome",
    "day",
    "hour",
]
"""`model` is what the client asked for, `provider` and `target` (`provider_id/model`) who was asked for it; `key` is
the id of a client's key; `day` and `hour` are in UTC."""


class UsageQuery(Struct, frozen=True, kw_only=True):
    """What to add up: by which columns, in which time (seconds since 1970; `until` not included)."""

    by: tuple[UsageKey, ...] = ()
    since: float | None = None
    until: float | None = None
    tenant: str | None = None
    """Only this tenant's."""


class UsageSum(Struct, frozen=True, kw_only=True):
    """One row of the answer. Tokens and dollars are those of all attempts; a call counts once, where it ended."""

    group: tuple[str | None, ...]
    """The values of `UsageQuery.by`, in its order."""
    calls: int
    errors: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    unmetered: int
    """Attempts that may have used tokens which nobody reported, and which these sums do not hold."""
    usd: Decimal
    estimated_usd: Decimal
    """The share of `usd` that is an estimate."""
    unpriced: int
    """Attempts whose cost is not known, and which `usd` does not hold."""


def dearest_first(sums: Iterable[UsageSum]) -> list[UsageSum]:
    """The order of an answer: by dollars, then by calls, then by name."""
    return sorted(sums, key=lambda each: (-each.usd, -each.calls, tuple(part or "" for part in each.group)))


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether the chain holds. `fault` says what is wrong with the first row that does not fit, None when none is."""

    rows: int
    head: str
    """The hash of the last row, in hex; empty when there is none."""
    fault: str | None = None
    row: int | None = None


class LedgerPort(Protocol):
    """Keeps rows for good, in the order in which they were given."""

    def append(self, row: CallRecord | AuditEvent, content: Content | None = None) -> Awaitable[None] | None:
        """Take a row, and what is kept beside it, at once; raises nothing.

        What is returned is awaited before the call is acknowledged, and raises LedgerFailed when the row could not be
        kept. None where rows are written behind the calls: what cannot be kept then counts as `lost`."""
        ...

    @property
    def lost(self) -> int:
        """How many rows could not be kept."""
        ...

    async def usage(self, query: UsageQuery) -> Sequence[UsageSum]:
        """Sums over the calls, the dearest first. Raises LockgateError when the store cannot be read."""
        ...

    async def audit(self, query: AuditQuery) -> Sequence[AuditRow]:
        """Audit events, in their order. Raises as `usage` does."""
        ...

    async def content(self, request_id: str) -> Sequence[KeptContent]:
        """What is kept of calls with this id, in their order; nothing that is older than it may be. Raises as `usage`
        does."""
        ...

    async def verify(self, head: str | None = None) -> Verdict:
        """Reads the whole chain. `head` is one that was noted earlier, in hex: the chain must still hold it. Raises as
        `usage` does."""
        ...

    async def aclose(self) -> None:
        """Write what is left."""
        ...
