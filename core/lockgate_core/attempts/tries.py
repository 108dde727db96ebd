"""The tries at one target: another key at once, the same key after a while, or on to the next target."""

from collections.abc import Callable
from typing import Any

from lockgate_core.attempts.asking import open_stream, time_left, told_of, whole_answer
from lockgate_core.attempts.queue import Queue
from lockgate_core.attempts.writing_down import note_failure
from lockgate_core.bond import bond_of
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider
from lockgate_core.retry import RetryPolicy, after
from lockgate_core.terms import Terms
from lockgate_core.turn import Shut, Turn
from lockgate_ports.context import Context, Target
from lockgate_ports.errors import Busy, LockgateError, UpstreamError
from lockgate_ports.steps import Answer
from lockgate_ports.wire import Request


class Tries:
    """Those of one call at one target; `queue` holds who is left to ask behind it."""

    __slots__ = (
        "_clock",
        "_count",
        "_keys",
        "_last",
        "_lost",
        "_luck",
        "_policy",
        "_provider",
        "_queue",
        "_target",
        "_terms",
        "_timeouts",
        "_turn",
    )

    def __init__(
        self,
        provider: Provider,
        target: Target,
        queue: Queue,
        policy: RetryPolicy,
        terms: Terms,
        clock: Clock,
        luck: Callable[[], float],
    ) -> None:
        self._provider = provider
        self._target = target
        self._queue = queue
        self._policy = terms.retry_at(policy, provider, target.model)
        self._terms = terms
        self._timeouts = terms.timeouts_at(provider, target.model)
        self._clock = clock
        self._luck = luck
        self._count = 0
        self._keys: set[int] = set()
        """Those that were tried since the last wait."""
        self._lost = False
        self._turn: Turn | None = None
        """The try that is under way, once it has a place, a key and a pass."""
        self._last: LockgateError | None = None
        """What the provider said last."""

    async def ask(self, request: Request[Any], context: Context) -> Answer | LiveStream:
        """The answer. Raises Passed when the next target should be asked, Shut when this one was not, and what is an
        error everywhere as it is."""
        if (toll := context.toll) is None:
            return await self._ask(request, context)
        try:
            await toll.enter(self._target)
        except LockgateError as refused:  # a limit of the target does not let the call through
            raise Shut(refused) from None
        try:
            return await self._ask(request, context)
        except BaseException:
            toll.leave(self._target, context.journal.attempts)
            raise

    async def _ask(self, request: Request[Any], context: Context) -> Answer | LiveStream:
        while True:
            try:
                return await self._try(request, context)
            except Shut:
                if self._last is not None:
                    raise Passed(self._last) from None
                raise
            except LockgateError as error:
                if self._turn is None and isinstance(error, Busy) and self._last is None:
                    raise Shut(error) from None  # no place was free: it was not asked
                delay = self._again(error, context)
            if delay is not None:
                await self._clock.sleep(delay)

    @property
    def number(self) -> int:
        """That of the try that was begun last; 0 before the first."""
        return 0 if self._turn is None else self._turn.number

    def lose(self) -> None:
        """Another target was first: what ends these tries now is no word on the target, and not the client's doing."""
        self._lost = True

    async def _try(self, request: Request[Any], context: Context) -> Answer | LiveStream:
        self._turn = None
        provider, clock, queue = self._provider, self._clock, self._queue
        asked = clock.now()
        # What is left is divided over the targets, so that a silent one leaves time for the next.
        share = time_left(self._timeouts, context, asked) / (len(queue.left) + 1)
        if share <= 0:
            raise _out_of_time(provider)
        bond = bond_of(request, context.caller) if provider.keys.several else None
        self._turn = turn = await Turn.take(
            provider,
            self._target,
            self._keys,
            share,
            clock,
            self._luck,
            anyway=queue.anyway,
            bond=bond,
            rank=context.rank,
        )
        journal = context.journal
        journal.begun += 1
        turn.number = journal.begun
        began = clock.now()
        if self._last is None:
            provider.budget.called(began)
        left = share - (began - asked)
        try:
            if request.stream:
                return await open_stream(request, context, turn, self._timeouts, left, clock, self._terms)
            return await whole_answer(request, context, turn, self._timeouts, left, clock)
        except BaseException as error:
            told = told_of(error, turn)
            turn.end(told)
            note_failure(journal, turn, clock.now() - began, told, lost=self._lost)
            if told is error:
                raise
            raise told from None

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
        if move.to == "next" or time_left(self._timeouts, context, now) <= move.delay:
            raise Passed(self._last or error) from None
        if self._turn is not None and not provider.budget.spend(now):
            raise Passed(error) from None
        return move.delay


class Passed(Exception):
    """A target has had its tries."""

    def __init__(self, error: LockgateError) -> None:
        super().__init__(error.message)
        self.error = error


def _out_of_time(provider: Provider) -> UpstreamError:
    message = f"{provider.provider_id}: not asked, since the time for this call is over"
    return UpstreamError(message, kind="timeout", provider_id=provider.provider_id, sent=False)
