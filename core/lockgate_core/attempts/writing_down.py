"""What is written down of each try, in the journal of its call."""

from lockgate_core.turn import Turn
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, Cost
from lockgate_ports.usage import Usage


def note_answer(journal: Journal, turn: Turn, took: float, usage: Usage | None = None) -> None:
    """It answered, or has begun to."""
    journal.attempts.append(_record(journal, turn, took, None, usage, None))


def note_failure(journal: Journal, turn: Turn, took: float, error: BaseException) -> None:
    """It gave no answer: it failed, a fault of ours ended it, or the client has left."""
    match error:
        case LockgateError():
            code = error.code
        case Exception():
            code = LockgateError.code
        case _:
            code = CANCELLED
            journal.provider_id = turn.target.provider_id
    journal.attempts.append(_record(journal, turn, took, code, None, _charged(error)))


def _record(
    journal: Journal, turn: Turn, took: float, error: str | None, usage: Usage | None, cost: Cost | None
) -> AttemptRecord:
    target, lease = turn.target, turn.lease
    began = lease.began - journal.started
    return AttemptRecord(target.provider_id, target.model, took, error, lease.ref or None, usage, cost, began)


def _charged(error: BaseException) -> Cost | None:
    """None for a try that nobody charges: it was not sent, or was refused. Else nobody knows what it cost."""
    if isinstance(error, UpstreamError) and (not error.sent or error.upstream_status is not None):
        return None
    if isinstance(error, LockgateError) and not isinstance(error, UpstreamError):
        return None
    return UNKNOWN_COST
