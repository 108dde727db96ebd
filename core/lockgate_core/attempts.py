"""The attempt loop: key, deadline, ModelPort; on failure the same target again or the next one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy, after
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError, SettingsError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.journal import CANCELLED
from lockgate_ports.metrics import AttemptRecord
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.steps import Answer, AnswerStream, Served
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
        """Asks the targets in order. Raises the first target's error when none answers."""
        first: LockgateError | None = None
        for place, target in enumerate(context.targets):
            spare = place + 1 < len(context.targets)
            try:
                return await self._ask(target, spare, request, context)
            except _Passed as passed:
                first = first or passed.error
        if first is None:
            raise UpstreamError(f"route {context.route!r} has no target that may answer", kind="fatal", sent=False)
        raise first

    async def _ask(self, target: Target, spare: bool, request: Request[Any], context: Context) -> Answer | AnswerStream:
        provider = self._providers[target.provider_id]
        tries = 0
        while True:
            tries += 1
            began = self._clock.now()
            try:
                return await self._once(provider, target, request, context)
            except BaseException as error:
                _note(context, target, self._clock.now() - began, error)
                if not isinstance(error, LockgateError):
                    raise
                move = after(error, tries, spare, self._policy, self._luck())
                if move.to == "stop":
                    raise
                if move.to == "next" or self._left(provider, context) <= move.delay:
                    raise _Passed(error) from None
            await self._clock.sleep(move.delay)

    async def _once(
        self, provider: Provider, target: Target, request: Request[Any], context: Context
    ) -> Answer | AnswerStream:
        attempt = Attempt(target.model, await _secret(provider), context.purpose)
        left = self._left(provider, context)
        served = Served(context.route, target, len(context.journal.attempts) + 1)
        if request.stream:
            return await self._stream(provider, request, attempt, served, context, left)
        timeout = min(provider.timeouts.attempt, left)
        began = self._clock.now()
        reply = await self._within(timeout, provider, _call(provider.port, request, attempt))
        journal = context.journal
        journal.attempts.append(AttemptRecord(target.provider_id, target.model, self._clock.now() - began))
        journal.provider_id = target.provider_id
        journal.response_model = reply.glance.model
        journal.usage = reply.glance.usage
        return Answer(reply, served)

    async def _stream(
        self,
        provider: Provider,
        request: Request[Any],
        attempt: Attempt,
        served: Served,
        context: Context,
        left: float,
    ) -> LiveStream:
        """Opens a stream and holds it back until its first content: until then any failure may go unseen."""
        began = self._clock.now()
        rules = StreamRules()
        held: list[Sequence[Event]] = []

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
                context.journal.started + provider.timeouts.total,
            )

        stream = await self._within(min(provider.timeouts.first_token, left), provider, commit())
        journal = context.journal
        journal.first_token = self._clock.now()
        journal.attempts.append(AttemptRecord(served.target.provider_id, attempt.model, journal.first_token - began))
        journal.provider_id = provider.provider_id
        journal.response_model = rules.model
        return stream

    async def _within(self, seconds: float, provider: Provider, work: Awaitable[T]) -> T:
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


async def _hold(rest: AsyncIterator[Sequence[Event]], held: list[Sequence[Event]], rules: StreamRules) -> None:
    """Fills `held` until the client has something to see."""
    while not rules.committed:
        try:
            batch = await anext(rest)
        except StopAsyncIteration:
            raise rules.truncated() from None
        rules.take(batch)
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


class _Passed(Exception):
    """A target has had its tries."""

    def __init__(self, error: LockgateError) -> None:
        super().__init__(error.message)
        self.error = error


async def _secret(provider: Provider) -> Any:
    try:
        return await provider.secret()
    except SettingsError as error:
        message = f"{provider.provider_id}: {error.message}"
        raise UpstreamError(message, kind="auth", provider_id=provider.provider_id, sent=False) from None


def _note(context: Context, target: Target, took: float, error: BaseException) -> None:
    """Writes a try down that gave no answer: it failed, a fault of ours ended it, or the client has left."""
    match error:
        case LockgateError():
            code = error.code
        case Exception():
            code = LockgateError.code
        case _:
            code = CANCELLED
            context.journal.provider_id = target.provider_id
    context.journal.attempts.append(AttemptRecord(target.provider_id, target.model, took, code))
