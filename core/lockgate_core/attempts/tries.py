"""The tries at one target: another key at once, the same key after a while, or on to the next target."""

from collections.abc import Callable
from typing import Any

from lockgate_core.attempts.asking import open_stream, time_left, whole_answer
from lockgate_core.attempts.queue import Queue
from lockgate_core.attempts.writing_down import note_failure
from lockgate_core.clock import Clock
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy, after
from lockgate_core.turn import Shut, Turn
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.steps import Answer, AnswerStream
from lockgate_ports.wire import Request


class Tries:
    """Those of one call at one target; `queue` holds who is left to ask behind it."""

    __slots__ = ("_clock", "_count", "_keys", "_last", "_luck", "_policy", "_provider", "_queue", "_target", "_turn")

    def __init__(
        self,
        provider: Provider,
        target: Target,
        queue: Queue,
        policy: RetryPolicy,
        clock: Clock,
        luck: Callable[[], float],
    ) -> None:
        self._provider = provider
        self._target = target
        self._queue = queue
        self._policy = policy
        self._clock = clock
        self._luck = luck
        self._count = 0
        self._keys: set[int] = set()
        """Those that were tried since the last wait."""
        self._turn: Turn | None = None
        """The try that is under way, once it has a place, a key and a pass."""
        self._last: LockgateError | None = None
        """What the provider said last."""

    async def ask(self, request: Request[Any], context: Context) -> Answer | AnswerStream:
        """The answer. Raises Passed when the next target should be asked, Shut when this one was not, and what is an
        error everywhere as it is."""
        while True:
            try:
                return await self._try(request, context)
            except Shut:
                if self._last is not None:
                    raise Passed(self._last) from None
                raise
            except LockgateError as error:
                delay = self._again(error, context)
            if delay is not None:
                await self._clock.sleep(delay)

    async def _try(self, request: Request[Any], context: Context) -> Answer | AnswerStream:
        self._turn = None
        provider, clock = self._provider, self._clock
        share = self._share(context)
        if share <= 0:
            raise _out_of_time(provider)
        self._turn = turn = await Turn.take(provider, self._target, self._keys, share, clock, self._luck)
        began = clock.now()
        if self._last is None:
            provider.budget.called(began)
        ask = open_stream if request.stream else whole_answer
        try:
            return await ask(request, context, provider, turn, self._share(context), clock)
        except BaseException as error:
            turn.end(error)
            note_failure(context.journal, turn, clock.now() - began, error)
            raise

    def _again(self, error: LockgateError, context: Context) -> float | None:
        """Seconds until the next try, None when another key is tried at once. Raises what ends the tries."""
        provider, now = self._provider, self._clock.now()
        if self._turn is not None:
            self._last = error
            self._keys.add(self._turn.lease.key)
            if provider.keys.another(error, self._target.model, self._keys, now):
                return None
        self._count += 1
        self._keys.clear()
        move = after(error, self._count, self._queue.spare(error), self._policy, self._luck())
        if move.to == "stop":
            raise error
        if move.to == "next" or self._left(context) <= move.delay:
            raise Passed(self._last or error) from None
        if self._turn is not None and not provider.budget.spend(now):
            raise Passed(error) from None
        return move.delay

    def _share(self, context: Context) -> float:
        """What is left is divided over the targets, so that a silent one leaves time for the next."""
        return self._left(context) / (len(self._queue) + 1)

    def _left(self, context: Context) -> float:
        return time_left(self._provider, context, self._clock.now())


class Passed(Exception):
    """A target has had its tries."""

    def __init__(self, error: LockgateError) -> None:
        super().__init__(error.message)
        self.error = error


def _out_of_time(provider: Provider) -> UpstreamError:
    message = f"{provider.provider_id}: not asked, since the time for this call is over"
    return UpstreamError(message, kind="timeout", provider_id=provider.provider_id, sent=False)
