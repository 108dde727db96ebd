"""What to do after a failed try: try again, go to the next target, or give up. Pure."""

from typing import Literal

from msgspec import Struct

from lockgate_ports.errors import Busy, EgressDenied, LockgateError, Unsupported, UpstreamError


class RetryPolicy(Struct, frozen=True):
    """Times are in seconds. A target is tried at most `max_attempts` times in one call."""

    max_attempts: int = 3
    base_delay: float = 0.25
    max_delay: float = 8.0
    max_retry_after: float = 5.0
    """The longest that a provider's `retry-after` is waited for; beyond it the client is told to come back."""


class Move(Struct, frozen=True):
    """`again` after `delay` seconds, the `next` target, or `stop`: the request is bad everywhere."""

    to: Literal["again", "next", "stop"]
    delay: float = 0.0


STOP = Move("stop")
NEXT = Move("next")

_BAD_EVERYWHERE = frozenset({"invalid_request", "context_length", "content_filter"})
_HEALS = frozenset({"transient", "overloaded", "rate_limit", "timeout"})


def after(error: LockgateError, tries: int, spare: bool, policy: RetryPolicy, luck: float) -> Move:
    """The move after `tries` failed tries at a target, the last with `error`.

    `spare`: another target is left. `luck` is a random number in [0, 1), for the jitter.
    """
    if isinstance(error, Busy | EgressDenied | Unsupported):
        return NEXT
    if not isinstance(error, UpstreamError) or error.kind in _BAD_EVERYWHERE:
        return STOP
    silent = error.kind == "timeout" and error.upstream_status is None
    if error.kind not in _HEALS or silent or not error.again or tries >= policy.max_attempts:
        return NEXT
    if spare and error.kind in ("rate_limit", "timeout"):
        return NEXT
    if error.retry_after is not None:
        return Move("again", error.retry_after) if error.retry_after <= policy.max_retry_after else NEXT
    return Move("again", luck * min(policy.max_delay, policy.base_delay * 2**tries))
