"""One try: a whole answer, or a stream that has begun, within its time."""

from collections.abc import Awaitable
from typing import Any, TypeVar

from lockgate_core.attempts.holding import Batches, Held, hold, hold_on
from lockgate_core.attempts.writing_down import note_answer
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Timeouts
from lockgate_core.stream_rules import StreamRules
from lockgate_core.terms import Terms
from lockgate_core.turn import Turn
from lockgate_ports.context import Context
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import Headers
from lockgate_ports.model import Attempt, ModelPort, ReplyStream
from lockgate_ports.steps import Answer, Served
from lockgate_ports.wire import Reply, Request

T = TypeVar("T")


async def whole_answer(
    request: Request[Any], context: Context, turn: Turn, timeouts: Timeouts, left: float, clock: Clock
) -> Answer:
    """An answer that comes whole, within what the caller has `left`, in seconds."""
    journal, target = context.journal, turn.target
    attempt = _attempt(turn, context, timeouts)
    began = clock.now()
    reply = await _within(timeouts.attempt, left, turn, clock, _call(turn.provider.port, request, attempt))
    turn.end()
    glance = reply.glance
    note_answer(journal, turn, clock.now() - began, glance.usage)
    return Answer(reply, Served(context.route, target, journal.begun, context.standings))


async def open_stream(
    request: Request[Any],
    context: Context,
    turn: Turn,
    timeouts: Timeouts,
    left: float,
    clock: Clock,
    terms: Terms,
) -> LiveStream:
    """A stream, held back until its first content, or as long as the terms say: until then any failure goes unseen."""
    journal, target = context.journal, turn.target
    attempt = _attempt(turn, context, timeouts)
    began = clock.now()
    rules = StreamRules()
    held: Held = []

    async def begin() -> tuple[ReplyStream, Batches]:
        source = await turn.provider.port.stream(request, attempt)
        try:
            rest = aiter(source)
            await hold(rest, held, rules, terms)
        except BaseException:
            turn.skipped = rules.skipped
            await source.aclose()
            raise
        return source, rest

    source, rest = await _within(timeouts.first_token, left, turn, clock, begin())
    now = clock.now()
    deadline, idle = now + time_left(timeouts, context, now), timeouts.idle
    if terms.holds:
        try:
            rest = await hold_on(rest, held, rules, terms, clock, idle, deadline)
        except BaseException as error:
            turn.skipped = rules.skipped
            await source.aclose()
            turn.cut_short = clock.now() >= deadline
            _name(error, turn)
            raise
        now = clock.now()
    served = Served(context.route, target, journal.begun, context.standings)
    lasting = terms.stream == "continue"
    stream = LiveStream(
        source, rest, held, rules, served, request, journal, clock, idle, deadline, turn.end, lasting=lasting
    )
    turn.proven()
    note_answer(journal, turn, now - began)
    return stream


def _attempt(turn: Turn, context: Context, timeouts: Timeouts) -> Attempt:
    journal = context.journal
    headers: Headers = ()
    if (trace := journal.trace) is not None and turn.provider.told_of_traces:
        headers = (("traceparent", trace.parent_of_attempt(turn.number - 1)),)
        if trace.state:
            headers = (*headers, ("tracestate", trace.state))
    connect = None if timeouts.connect == turn.provider.timeouts.connect else timeouts.connect
    return Attempt(turn.target.model, turn.lease.secret, context.caller.purpose, headers, connect)


def time_left(timeouts: Timeouts, context: Context, now: float) -> float:
    """Seconds until the call must be over."""
    left = context.journal.started + timeouts.total - now
    return left if context.deadline is None else min(left, context.deadline - now)


async def _within(seconds: float, left: float, turn: Turn, clock: Clock, work: Awaitable[T]) -> T:
    """`work`, within `seconds` and what the caller has `left`."""
    if left < seconds:
        seconds = left
        turn.cut_short = True
    try:
        with clock.timeout(seconds), turn.provider.around(turn.target.provider_id):
            return await work
    except TimeoutError:
        provider_id = turn.target.provider_id
        message = f"{provider_id}: no answer within {seconds:.3g} s"
        raise UpstreamError(message, kind="timeout", provider_id=provider_id) from None
    except UpstreamError as error:
        _name(error, turn)
        raise


def _name(error: BaseException, turn: Turn) -> None:
    """Says whose error it is."""
    if isinstance(error, UpstreamError) and not error.provider_id:
        error.provider_id = turn.target.provider_id
        error.message = f"{error.provider_id}: {error.message}"


def _call(port: ModelPort, request: Request[Any], attempt: Attempt) -> Awaitable[Reply[Any]]:
    match request.operation:
        case "chat":
            return port.chat(request, attempt)
        case "embeddings":
            return port.embed(request, attempt)
        case "rerank":
            return port.rerank(request, attempt)
        case "count_tokens":
            return port.count_tokens(request, attempt)
        case "moderations" | "audio" | "images":
            return port.pass_on(request, attempt)
