"""The attempt loop: key, deadline, ModelPort; on failure the same target again or the next one."""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy, after
from lockgate_core.stream_rules import StreamRules
from lockgate_core.turn import Shut, Turn
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.journal import CANCELLED
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.records import UNKNOWN_COST, AttemptRecord, Cost
from lockgate_ports.steps import Answer, AnswerStream, Served
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply, Request

T = TypeVar("T")


class Attempts:
    """The innermost handler. `luck` gives random numbers in [0, 1)."""

    def __init__(
        self, providers: Mapping[str, Provider], policy: RetryPolicy, clock: Clock, luck: Callable[[], float]
    ) -> None:
        self._providers = providers
        self._policy = policy
        self._clock = clock
        self._luck = luck

    async def __call__(self, request: Request[Any], context: Context) -> Answer | AnswerStream:
        """Asks the targets in order; those that the context has for a class of error take over after one of that
        class. When none answers, raises the error of the first one that was asked."""
        asked: LockgateError | None = None
        shut: LockgateError | None = None
        queue = deque(context.targets)
        gone: set[Target] = set()
        while queue:
            target = queue.popleft()
            gone.add(target)
            try:
                return await self._ask(target, len(queue) + 1, request, context)
            except _Passed as passed:
                error = passed.error
            except Shut as closed:
                shut = shut or closed.error
                continue
            except LockgateError as stopped:
                if not context.otherwise.get(_class_of(stopped)):
                    raise
                error = stopped
            asked = asked or error
            instead = context.otherwise.get(_class_of(error))
            if instead is not None:
                queue = deque(each for each in instead if each not in gone)
        told = asked or shut
        if told is None:
            told = UpstreamError(f"route {context.route!r} has no target that may answer", kind="fatal", sent=False)
        raise told

    async def _ask(
        self, target: Target, targets: int, request: Request[Any], context: Context
    ) -> Answer | AnswerStream:
        """`targets`: how many are left, this one included. Raises _Passed when its tries are used up, or Shut."""
        provider = self._providers[target.provider_id]
        tries = 0
        tried: set[int] = set()
        last: LockgateError | None = None
        while True:
            turn: Turn | None = None
            began = self._clock.now()
            try:
                turn = await self._turn(provider, target, targets, tried, context)
                began = self._clock.now()
                if last is None:
                    provider.budget.called(began)
                return await self._once(
                    provider, target, request, context, turn, self._left(provider, context) / targets
                )
            except Shut:
                if last is not None:
                    raise _Passed(last) from None
                raise
            except BaseException as error:
                now = self._clock.now()
                if turn is not None:
                    turn.end(error)
                    _note(context, target, turn, now - began, error)
                if not isinstance(error, LockgateError):
                    raise
                if turn is not None:
                    last = error
                    tried.add(turn.lease.key)
                    if provider.keys.another(error, target.model, tried, now):
                        continue
                tries += 1
                tried.clear()
                spare = targets > 1 or bool(context.otherwise.get(_class_of(error)))
                move = after(error, tries, spare, self._policy, self._luck())
                if move.to == "stop":
                    raise
                if move.to == "next" or self._left(provider, context) <= move.delay:
                    raise _Passed(last or error) from None
                if turn is not None and not provider.budget.spend(now):
                    raise _Passed(error) from None
            await self._clock.sleep(move.delay)

    async def _turn(
        self, provider: Provider, target: Target, targets: int, tried: Collection[int], context: Context
    ) -> Turn:
        # What is left is divided over the targets, so that a silent one leaves time for the next.
        left = self._left(provider, context) / targets
        if left <= 0:
            raise _out_of_time(provider)
        return await Turn.take(provider, target, tried, left, self._clock, self._luck)

    async def _once(
        self,
        provider: Provider,
        target: Target,
        request: Request[Any],
        context: Context,
        turn: Turn,
        left: float,
    ) -> Answer | AnswerStream:
        attempt = Attempt(target.model, turn.lease.secret, context.caller.purpose)
        served = Served(context.route, target, len(context.journal.attempts) + 1)
        if request.stream:
            return await self._stream(provider, request, attempt, served, context, turn, left)
        began = self._clock.now()
        reply = await self._within(
            provider.timeouts.attempt, left, turn, provider, _call(provider.port, request, attempt)
        )
        turn.end()
        journal = context.journal
        usage = reply.glance.usage
        journal.attempts.append(_record(target, turn, self._clock.now() - began, usage=usage))
        journal.provider_id = target.provider_id
        journal.response_model = reply.glance.model
        journal.usage = usage
        return Answer(reply, served)

    async def _stream(
        self,
        provider: Provider,
        request: Request[Any],
        attempt: Attempt,
        served: Served,
        context: Context,
        turn: Turn,
        left: float,
    ) -> LiveStream:
        """Opens a stream and holds it back until its first content: until then any failure may go unseen."""
        began = self._clock.now()
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
            return LiveStream(
                source,
                rest,
                held,
                rules,
                served,
                context.journal,
                self._clock,
                provider.timeouts.idle,
                self._clock.now() + self._left(provider, context),
                turn.end,
            )

        stream = await self._within(provider.timeouts.first_token, left, turn, provider, commit())
        turn.proven()
        journal = context.journal
        journal.first_token = self._clock.now()
        journal.attempts.append(_record(served.target, turn, journal.first_token - began))
        journal.provider_id = provider.provider_id
        journal.response_model = rules.model
        return stream

    async def _within(self, seconds: float, left: float, turn: Turn, provider: Provider, work: Awaitable[T]) -> T:
        """`work`, within the provider's `seconds` and what the caller has `left`."""
        if left < seconds:
            seconds = left
            turn.cut_short = True
        try:
            async with self._clock.timeout(seconds):
                return await work
        except TimeoutError:
            message = f"{provider.provider_id}: no answer within {seconds:.3g} s"
            raise UpstreamError(message, kind="timeout", provider_id=provider.provider_id) from None
        except UpstreamError as error:
            if not error.provider_id:
                error.provider_id = provider.provider_id
                error.message = f"{provider.provider_id}: {error.message}"
            raise

    def _left(self, provider: Provider, context: Context) -> float:
        now = self._clock.now()
        left = context.journal.started + provider.timeouts.total - now
        return left if context.deadline is None else min(left, context.deadline - now)


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


def _class_of(error: LockgateError) -> str:
    return error.kind if isinstance(error, UpstreamError) else error.code


class _Passed(Exception):
    """A target has had its tries."""

    def __init__(self, error: LockgateError) -> None:
        super().__init__(error.message)
        self.error = error


def _out_of_time(provider: Provider) -> UpstreamError:
    message = f"{provider.provider_id}: not asked, since the time for this call is over"
    return UpstreamError(message, kind="timeout", provider_id=provider.provider_id, sent=False)


def _note(context: Context, target: Target, turn: Turn, took: float, error: BaseException) -> None:
    """Writes a try down that gave no answer: it failed, a fault of ours ended it, or the client has left."""
    match error:
        case LockgateError():
            code = error.code
        case Exception():
            code = LockgateError.code
        case _:
            code = CANCELLED
            context.journal.provider_id = target.provider_id
    context.journal.attempts.append(_record(target, turn, took, code, cost=_charged(error)))


def _record(
    target: Target,
    turn: Turn,
    took: float,
    error: str | None = None,
    *,
    usage: Usage | None = None,
    cost: Cost | None = None,
) -> AttemptRecord:
    return AttemptRecord(target.provider_id, target.model, took, error, turn.lease.ref or None, usage, cost)


def _charged(error: BaseException) -> Cost | None:
    """None for a try that nobody charges: it was not sent, or was refused. Else nobody knows what it cost."""
    if isinstance(error, UpstreamError) and (not error.sent or error.upstream_status is not None):
        return None
    if isinstance(error, LockgateError) and not isinstance(error, UpstreamError):
        return None
    return UNKNOWN_COST
