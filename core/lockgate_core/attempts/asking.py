"""One try: a whole answer, or a stream that has begun, within its time."""

from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any, TypeVar

from lockgate_core.attempts.writing_down import note_answer
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider
from lockgate_core.stream_rules import StreamRules
from lockgate_core.turn import Turn
from lockgate_ports.context import Context
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.http import Headers
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.steps import Answer, Served
from lockgate_ports.wire import Reply, Request

T = TypeVar("T")


async def whole_answer(
    request: Request[Any], context: Context, provider: Provider, turn: Turn, left: float, clock: Clock
) -> Answer:
    """An answer that comes whole, within what the caller has `left`, in seconds."""
    journal, target = context.journal, turn.target
    attempt = _attempt(provider, turn, context)
    began = clock.now()
    work = _call(provider.port, request, attempt)
    reply = await _within(provider.timeouts.attempt, left, turn, provider, clock, work)
    turn.end()
    glance = reply.glance
    note_answer(journal, turn, clock.now() - began, glance.usage)
    journal.provider_id = target.provider_id
    journal.response_model = glance.model
    journal.usage = glance.usage
    journal.finish_reasons = glance.finish_reasons
    return Answer(reply, Served(context.route, target, len(journal.attempts), context.standings))


async def open_stream(
    request: Request[Any], context: Context, provider: Provider, turn: Turn, left: float, clock: Clock
) -> LiveStream:
    """A stream, held back until its first content: until then any failure may go unseen."""
    journal, target = context.journal, turn.target
    attempt = _attempt(provider, turn, context)
    began = clock.now()
    served = Served(context.route, target, len(journal.attempts) + 1, context.standings)
    rules = StreamRules()
    held: list[Sequence[Event] | LockgateError] = []

    async def commit() -> LiveStream:
        source = await provider.port.stream(request, attempt)
        try:
            rest = aiter(source)
            await _hold(rest, held, rules)
        except BaseException:
            await source.aclose()
            raise
        deadline = clock.now() + time_left(provider, context, clock.now())
        idle = provider.timeouts.idle
        return LiveStream(source, rest, held, rules, served, request, journal, clock, idle, deadline, turn.end)

    stream = await _within(provider.timeouts.first_token, left, turn, provider, clock, commit())
    turn.proven()
    journal.first_token = clock.now()
    note_answer(journal, turn, journal.first_token - began)
    journal.provider_id = target.provider_id
    journal.response_model = rules.model
    return stream


def _attempt(provider: Provider, turn: Turn, context: Context) -> Attempt:
    journal = context.journal
    headers: Headers = ()
    if (trace := journal.trace) is not None and provider.told_of_traces:
        headers = (("traceparent", trace.parent_of_attempt(len(journal.attempts))),)
        if trace.state:
            headers = (*headers, ("tracestate", trace.state))
    return Attempt(turn.target.model, turn.lease.secret, context.caller.purpose, headers)


def time_left(provider: Provider, context: Context, now: float) -> float:
    """Seconds until the call must be over."""
    left = context.journal.started + provider.timeouts.total - now
    return left if context.deadline is None else min(left, context.deadline - now)


async def _within(seconds: float, left: float, turn: Turn, provider: Provider, clock: Clock, work: Awaitable[T]) -> T:
    """`work`, within the provider's `seconds` and what the caller has `left`."""
    if left < seconds:
        seconds = left
        turn.cut_short = True
    try:
        async with clock.timeout(seconds):
            with provider.around(provider.provider_id):
                return await work
    except TimeoutError:
        message = f"{provider.provider_id}: no answer within {seconds:.3g} s"
        raise UpstreamError(message, kind="timeout", provider_id=provider.provider_id) from None
    except UpstreamError as error:
        if not error.provider_id:
            error.provider_id = provider.provider_id
            error.message = f"{provider.provider_id}: {error.message}"
        raise


async def _hold(
    rest: AsyncIterator[Sequence[Event]], held: list[Sequence[Event] | LockgateError], rules: StreamRules
) -> None:
    """Fills `held` until the client has something to see. A fault right behind that is held as well: it must not
    depend on the network's pieces whether the content before it counts."""
    while not rules.committed:
        try:
            batch = await anext(rest)
        except StopAsyncIteration:
            raise rules.truncated() from None
        try:
            rules.take(batch)
        except LockgateError as error:
            if not rules.committed:
                raise
            held += [batch[: rules.sound], error]
        else:
            held.append(batch)


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
