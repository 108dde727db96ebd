"""One try: a whole answer, or a stream that has begun, within its time."""

from collections.abc import Awaitable
from typing import Any

from lockgate_core.attempts.holding import Held, hold, hold_on
from lockgate_core.attempts.writing_down import note
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Timeouts
from lockgate_core.stream_rules import StreamRules
from lockgate_core.terms import Terms
from lockgate_core.turn import Turn
from lockgate_ports.context import Context
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import Headers
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.steps import Answer, Served
from lockgate_ports.wire import Reply, Request


async def whole_answer(
    request: Request[Any], context: Context, turn: Turn, timeouts: Timeouts, left: float, clock: Clock
) -> Answer:
    """An answer that comes whole, within what the caller has `left`, in seconds. What fails is to be `told_of`."""
    journal, target, provider = context.journal, turn.target, turn.provider
    attempt = _attempt(turn, context, timeouts)
    if request.operation != "chat":
        turn.kind = request.operation
    with clock.timeout(turn.allow(timeouts.attempt, left)):
        inside = provider.enter(target.provider_id)
        try:
            reply = await _call(provider.port, request, attempt)
        finally:
            provider.leave(inside)
    turn.end()
    note(journal, turn, clock.now() - turn.lease.began, None, reply.glance.usage)
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
    """A stream, held back until its first content, or as long as the terms say: until then any failure goes unseen.
    What fails is to be `told_of`."""
    journal, target, provider = context.journal, turn.target, turn.provider
    attempt = _attempt(turn, context, timeouts)
    began = clock.now()
    turn.kind = "held stream" if terms.holds else "stream"
    rules = StreamRules()
    held: Held = []

    with clock.timeout(turn.allow(timeouts.first_token, left)):
        inside = provider.enter(target.provider_id)
        try:
            source = await provider.port.stream(request, attempt)
            try:
                rest = aiter(source)
                await hold(rest, held, rules, terms)
            except BaseException:
                turn.skipped = rules.skipped
                await source.aclose()
                raise
        finally:
            provider.leave(inside)
    now = clock.now()
    deadline, idle = now + time_left(timeouts, context, now), timeouts.idle
    if terms.holds:
        try:
            rest = await hold_on(rest, held, rules, terms, clock, idle, deadline)
        except BaseException:
            turn.skipped = rules.skipped
            await source.aclose()
            turn.cut_short = clock.now() >= deadline
            raise
        now = clock.now()
    served = Served(context.route, target, journal.begun, context.standings)
    lasting = terms.stream == "continue"
    stream = LiveStream(
        source, rest, held, rules, served, request, journal, clock, idle, deadline, turn.end, lasting=lasting
    )
    turn.proven()
    note(journal, turn, now - began)
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


def told_of(error: BaseException, turn: Turn) -> BaseException:
    """The error of a try, with the name of whose it is."""
    provider_id = turn.target.provider_id
    if isinstance(error, TimeoutError):
        return UpstreamError(
            f"{provider_id}: no answer within {turn.allowed:.3g} s", kind="timeout", provider_id=provider_id
        )
    if isinstance(error, UpstreamError) and not error.provider_id:
        error.provider_id = provider_id
        error.message = f"{provider_id}: {error.message}"
    return error


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
