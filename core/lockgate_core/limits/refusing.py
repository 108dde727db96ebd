"""What a caller is told whose call did not fit. Pure."""

from lockgate_ports.errors import BudgetExceeded, LimitReached, TooLarge
from lockgate_ports.ledger import AuditEvent
from lockgate_ports.limits import LimitUnit, Standing

_WORDS: dict[LimitUnit, str] = {
    "requests": "requests",
    "tokens": "tokens",
    "micro_usd": "US dollars",
    "in_flight": "calls at a time",
}


def refusal(standing: Standing, asked: int) -> LimitReached | BudgetExceeded | TooLarge:
    """`asked` is what the call would have taken."""
    limit = standing.limit
    if limit.unit == "micro_usd":
        message = f"the budget of {limit.scope} ({_dollars(limit.amount)} a {limit.window}) does not hold this call: "
        message += f"{_dollars(standing.remaining)} are left, and it may cost {_dollars(asked)}"
        return BudgetExceeded(message, standing=standing)
    what = f"{limit.amount} {_WORDS[limit.unit]}{_window(limit.window)}"
    if asked > limit.amount:
        message = (
            f"{limit.scope} may have {what}, and this call alone may take {asked}: ask for less, or a shorter answer"
        )
        return TooLarge(message, code="request_exceeds_limit")
    message = f"{limit.scope} may have {what}: {standing.remaining} are left"
    if limit.unit == "tokens":
        message += f", and this call may take {asked}"
    return LimitReached(message, standing=standing)


def budget_hit(standing: Standing, asked: int) -> AuditEvent:
    """What an auditor is told of a budget that does not hold a call."""
    limit = standing.limit
    details = {
        "budget": f"{_dollars(limit.amount)} a {limit.window}",
        "left": _dollars(standing.remaining),
        "asked": _dollars(asked),
    }
    return AuditEvent(kind="budget_exceeded", actor="gateway", subject=limit.scope, details=details)


def _window(window: int | str | None) -> str:
    match window:
        case None:
            return ""
        case 60:
            return " a minute"
        case int():
            return f" in {window} s"
        case _:
            return f" a {window}"


def _dollars(micro: int) -> str:
    return f"{micro / 1_000_000:.6f}".rstrip("0").rstrip(".") + " USD"
