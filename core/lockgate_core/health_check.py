"""Health checks by interval: the gateway itself asks a target, and tells its breaker what came of it."""

from collections.abc import Callable, Sequence

from lockgate_core.clock import Clock
from lockgate_core.provider import Provider
from lockgate_core.turn import Turn
from lockgate_ports.context import Target
from lockgate_ports.errors import Busy, LockgateError, UpstreamError
from lockgate_ports.model import Attempt


async def watch(
    provider: Provider, models: Sequence[str], interval: float, clock: Clock, luck: Callable[[], float]
) -> None:
    """Checks every model each `interval` seconds, a tenth more or less so that processes do not keep step; for ever."""
    while True:
        await clock.sleep(interval * (0.9 + 0.2 * luck()))
        for model in models:
            await check(provider, model, interval, clock, luck)


async def check(provider: Provider, model: str, seconds: float, clock: Clock, luck: Callable[[], float]) -> None:
    """One smallest real call, within `seconds`, whatever the breaker says: it closes an open one, and opens it as a
    call of a client does. A provider that has no place free is busy, and so alive."""
    target = Target(provider.provider_id, model)
    try:
        turn = await Turn.take(provider, target, (), 0.0, clock, luck, anyway=True)
    except (Busy, UpstreamError):
        return  # no place or no key is free: that says nothing about the target
    turn.kind = "probe"
    error: object = "cancelled"
    try:
        with clock.timeout(seconds):
            await provider.port.probe(Attempt(model, turn.lease.secret))
        error = None
    except TimeoutError:
        error = UpstreamError("no answer to a health check", kind="timeout", provider_id=provider.provider_id)
    except LockgateError as failed:
        error = failed
    finally:
        turn.end(error)
