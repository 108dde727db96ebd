"""What is written down of a call once it is over: for counting, and for the ledger."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.chat import FinishReason
from lockgate_ports.usage import Usage

CostBasis = Literal["reported", "priced", "estimated", "unknown"]
"""Where a cost comes from: the provider said it; its usage by a price that we know; an estimate of usage by such a
price; or nobody knows."""


class Cost(Struct, frozen=True):
    """What was spent, in US dollars; None when it is not known, never 0 in place of that."""

    usd: Decimal | None
    basis: CostBasis
    price_source: str | None = None
    price_as_of: str | None = None


UNKNOWN_COST = Cost(None, "unknown")


class AttemptRecord(Struct, frozen=True):
    """One try at one target. `error` is the error's code, None when it answered. Times are in seconds.

    `key` is the reference of the key that was used (`env:OPENAI_API_KEY`), None where none is needed. `usage` and
    `cost` are None for a try that cannot have been charged: it was never sent, or it was refused.
    """

    provider_id: str
    model: str
    duration: float
    error: str | None = None
    key: str | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    began: float = 0.0
    """Since the call arrived."""
    number: int = 1
    """From 1 up, in the order in which the attempts of a call were begun."""
    skipped: int = 0
    """Events of its stream that made no sense and were left out."""


PACE_BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Upper bounds in seconds, inclusive, as OpenTelemetry's conventions advise."""


class Pace(Struct, frozen=True):
    """How the pieces of a stream followed one another, in seconds: how many came within each of PACE_BOUNDS after the
    one before, and beyond them all; the sum of it, the least and the most."""

    counts: tuple[int, ...]
    total: float
    least: float
    most: float


class CallRecord(Struct, frozen=True):
    """One call from its arrival to its last byte. Times are in seconds; `usage` None means not reported."""

    request_id: str
    operation: str
    request_model: str
    """The name the client asked for, or `(unknown)` when nothing has that name, so that labels stay bounded."""
    surface: str
    """The client's dialect, `embedded`, or `shadow` for a copy that nobody is answered from; it is nobody's cost."""
    caller: Caller = NOBODY
    trace_id: str | None = None
    """32 lower-case hex digits, where the call is part of a trace."""
    route: str | None = None
    profile_id: str | None = None
    prompt_template_id: str | None = None
    prompt_version: str | None = None
    planned: tuple[str, ...] = ()
    """Whom routing chose to ask, in this order, as `provider_id/model`."""
    arm: Literal["canary", "baseline"] | None = None
    """Of a rollout; None where the route has none."""
    provider_id: str | None = None
    """Who answered; None when nobody did."""
    response_model: str | None = None
    finish_reasons: tuple[FinishReason | None, ...] = ()
    """One for each choice, where it was told."""
    stream: bool = False
    duration: float = 0.0
    first_token: float | None = None
    pace: Pace | None = None
    """Of what came after the first content of a stream; None where nothing did."""
    attempts: tuple[AttemptRecord, ...] = ()
    usage: Usage | None = None
    cost: Cost | None = None
    """All attempts together; its basis is the least certain of theirs. None when nothing can have been charged."""
    over_limits: tuple[str, ...] = ()
    """The scopes of limits in shadow mode that would have refused it."""
    content_sha256: str | None = None
    """Of what is kept of its prompt and answer beside it, in hex; None where nothing is."""
    error: str | None = None
    """The error's code; `cancelled` when the client went away; None for an answer."""
