"""How long a client waits for its answer, and whether it should ask again: headers that SDKs send and heed."""

import math
from collections.abc import Mapping

from lockgate_ports.errors import Busy, CallerError, EgressDenied, InvalidRequest, LockgateError, TooSlow, UpstreamError

SHOULD_RETRY = "x-should-retry"
_TIMEOUT = "x-request-timeout"
_SDK_TIMEOUT = "x-stainless-read-timeout"
TIMEOUTS = (_TIMEOUT, _SDK_TIMEOUT)
_SHORTEST, _LONGEST = 0.001, 86400.0
_HEALS = frozenset({"rate_limit", "timeout", "overloaded", "transient"})


def patience(headers: Mapping[str, str], *, stream: bool) -> float | None:
    """Seconds that the client waits, None where it does not say.

    `x-request-timeout` bounds a call with all of its stream. What the SDKs of OpenAI and Anthropic say by themselves,
    `x-stainless-read-timeout`, is a time between two reads: it bounds an answer that comes whole, and no stream.
    Raises InvalidRequest for an `x-request-timeout` that is no positive number.
    """
    if (written := headers.get(_TIMEOUT)) is not None:
        seconds = _seconds(written)
        if seconds is None:
            message = f"the header {_TIMEOUT} must be a positive number of seconds, not {written[:40]!r}"
            raise InvalidRequest(message, param=_TIMEOUT)
        return seconds
    if not stream and (written := headers.get(_SDK_TIMEOUT)) is not None:
        # Nobody wrote this by hand: "NOT_GIVEN" and the like stand for no bound at all.
        return _seconds(written)
    return None


def is_useless_again(error: LockgateError) -> bool:
    """The same call would fail again: the request, a key or the settings must change first."""
    match error:
        case UpstreamError():
            return error.kind not in _HEALS or not error.again
        case Busy() | TooSlow():
            return False
        case CallerError() | EgressDenied():
            return True
        case _:
            return False


def _seconds(written: str) -> float | None:
    try:
        seconds = float(written)
    except ValueError:
        return None
    return min(max(seconds, _SHORTEST), _LONGEST) if seconds > 0 and not math.isnan(seconds) else None
