"""How much of a stream is held back before the client sees any of it, so that a failure can still go unseen."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence

from lockgate_core.clock import Clock
from lockgate_core.stream_rules import StreamRules
from lockgate_core.terms import Terms
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event, ReadEvent

Batches = AsyncIterator[Sequence[ReadEvent]]
Held = list[Sequence[Event] | LockgateError]


async def hold(rest: Batches, held: Held, rules: StreamRules, terms: Terms) -> None:
    """Fills `held` until there is something to see. Where no more is held back than that, a fault right behind it is
    held as well: it must not depend on the network's pieces whether the content before it counts."""
    while not rules.committed:
        try:
            batch = await anext(rest)
        except StopAsyncIteration:
            raise rules.truncated() from None
        try:
            shown = rules.take(batch)
        except LockgateError as error:
            if not rules.committed or terms.holds:
                raise
            held += [rules.shown(batch[: rules.sound]), error]
        else:
            held.append(shown)


async def hold_on(
    rest: Batches, held: Held, rules: StreamRules, terms: Terms, clock: Clock, idle: float, deadline: float
) -> Batches:
    """Fills `held` with as much more as the terms say, and returns what is left. Raises what the stream raises, and
    UpstreamError for one that stalls for `idle` seconds, or past the deadline."""
    moved = clock.now()
    until = math.inf
    if terms.stream != "restart" and terms.hold_seconds > 0:
        until = moved + terms.hold_seconds
    while terms.stream == "restart" or not (rules.complete or 0 < terms.hold_pieces <= rules.pieces):
        # The read goes on when the time of holding back is over: what comes of it belongs to the client.
        reading = asyncio.ensure_future(anext(rest))
        try:
            with clock.timeout(min(moved + idle, deadline, until) - clock.now()):
                batch = await asyncio.shield(reading)
        except TimeoutError:
            if until <= min(moved + idle, deadline):
                return _resumed(reading, rest)
            reading.cancel()
            why = "took longer than the call may" if clock.now() >= deadline else f"sent nothing for {idle:g} s"
            raise UpstreamError(f"the stream {why}", kind="timeout") from None
        except StopAsyncIteration:
            if not rules.complete:
                raise rules.truncated() from None
            break
        except BaseException:
            reading.cancel()
            raise
        held.append(rules.take(batch))
        if rules.progress:
            moved = clock.now()
    return rest


async def _resumed(reading: "asyncio.Future[Sequence[ReadEvent]]", rest: Batches) -> Batches:
    try:
        yield await reading
    except StopAsyncIteration:
        return
    finally:
        reading.cancel()
    async for batch in rest:
        yield batch
