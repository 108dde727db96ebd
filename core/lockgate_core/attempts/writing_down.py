"""What is written down of each try, in the journal of its call."""

from collections.abc import Sequence
from itertools import groupby

from msgspec import structs

from lockgate_core.turn import Turn
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.journal import CANCELLED, LOST, Journal
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, Cost
from lockgate_ports.usage import Usage


def note(
    journal: Journal,
    turn: Turn,
    took: float,
    error: str | None = None,
    usage: Usage | None = None,
    cost: Cost | None = None,
) -> None:
    """It answered, or has begun to; or it failed, with an error of this code."""
    target, lease = turn.target, turn.lease
    journal.attempts.append(
        AttemptRecord(
            target.provider_id,
            target.model,
            took,
            error,
            lease.ref or None,
            usage,
            cost,
            lease.began - journal.started,
            turn.number,
            turn.skipped,
        )
    )


def note_lost(journal: Journal, number: int) -> None:
    """The attempt of that number answered, and yet another one was first."""
    place = next(place for place, each in enumerate(journal.attempts) if each.number == number)
    journal.attempts[place] = structs.replace(journal.attempts[place], error=LOST)


def note_failure(journal: Journal, turn: Turn, took: float, error: BaseException, *, lost: bool = False) -> None:
    """It gave no answer: it failed, a fault of ours ended it, or the client has left. `lost`: another one was first."""
    match error:
        case _ if lost:
            code = LOST
        case LockgateError():
            code = error.code
        case Exception():
            code = LockgateError.code
        case _:
            code = CANCELLED
            journal.provider_id = turn.target.provider_id
    note(journal, turn, took, code, cost=_charged(error))


def tell_tries(error: LockgateError, attempts: Sequence[AttemptRecord]) -> None:
    """Adds to the error who was asked in vain, and what came of it."""
    runs = groupby(f"{each.provider_id}/{each.model} {each.error}" for each in attempts if each.error is not None)
    counted = [(tried, len(list(run))) for tried, run in runs]
    error.tried = tuple(tried if count == 1 else f"{tried} x{count}" for tried, count in counted)
    error.message = f"{error.message} (tried: {'; '.join(error.tried)})"


def _charged(error: BaseException) -> Cost | None:
    """None for a try that nobody charges: it was not sent, or was refused. Else nobody knows what it cost."""
    if isinstance(error, UpstreamError) and (not error.sent or error.upstream_status is not None):
        return None
    if isinstance(error, LockgateError) and not isinstance(error, UpstreamError):
        return None
    return UNKNOWN_COST
