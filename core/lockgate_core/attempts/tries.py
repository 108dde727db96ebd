"""The tries at one target: another key at once, the same key after a while, or on to the next target."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from lockgate_core.attempts.asking import open_stream, time_left, told_of, whole_answer
from lockgate_core.attempts.queue import Queue
from lockgate_core.attempts.writing_down import note_failure
from lockgate_core.bond import bond_of
from lockgate_core.clock import Clock
from lockgate_core.live_stream import LiveStream
from lockgate_core.provider import Provider, Timeouts
from lockgate_core.retry import RetryPolicy, after
from lockgate_core.terms import Terms
from lockgate_core.turn import Shut, Turn
from lockgate_ports.context import Context, Target, Toll
from lockgate_ports.errors import Busy, LockgateError, UpstreamError
from lockgate_ports.steps import Answer
from lockgate_ports.wire import Request


class Tries(Struct, eq=False):
    """Those of one call at one target; `queue` holds who is left to ask behind it."""

    provider: Provider
    target: Target
    queue: Queue
    policy: RetryPolicy
    terms: Terms
    timeouts: Timeouts
    clock: Clock
    luck: Callable[[], float]
    _count: int = 0
    _keys: frozenset[int] = frozenset()
    """Those that were tried since the last wait."""
    _lost: bool = False
    _turn: Turn | None = None
    """The try that is under way, once it has a place, a key and a pass."""
    _last: LockgateError | None = None
    """What the provider said last."""

    def ask(self, request: Request[Any], context: Context) -> Awaitable[Answer | LiveStream]:
        """The answer. Raises Passed when the next target should be asked, Shut when this one was not, and what is an
        error everywhere as it is."""
        toll = context.toll
        return self._ask(request, context) if toll is None else self._tolled(toll, request, context)

    async def _tolled(self, toll: Toll, request: Request[Any], context: Context) -> Answer | LiveStream:
        try:
            await toll.enter(self.target)
        except LockgateError as refused:  # a limit of the target does not let the call through
            raise Shut(refused) from None
        try:
            return await self._ask(request, context)
        except BaseException:
            toll.leave(self.target, context.journal.attempts)
            raise

    async def _ask(self, request: Request[Any], context: Context) -> Answer | LiveStream:
        provider, clock, timeouts, queue, journal = (
            self.provider,
            self.clock,
            self.timeouts,
            self.queue,
            context.journal,
        )
        while True:
            self._turn = None
            try:
                asked = clock.now()
                # What is left is divided over the targets, so that a silent one leaves time for the next.
                share = time_left(timeouts, context, asked) / (len(queue.left) + 1)
                if share <= 0:
                    raise _out_of_time(provider)
                self._turn = turn = await Turn.take(
                    provider,
                    self.target,
                    self._keys,
                    share,
                    clock,
                    self.luck,
                    anyway=queue.anyway,
                    bond=bond_of(request, context.caller) if provider.keys.several else None,
                    rank=context.rank,
                )
                journal.begun = turn.number = journal.begun + 1
                if self._last is None:
                    provider.budget.called(turn.lease.began)
                left = share - (turn.lease.began - asked)
                if request.stream:
                    return await open_stream(request, context, turn, timeouts, left, clock, self.terms)
                return await whole_answer(request, context, turn, timeouts, left, clock)
            except BaseException as error:  # noqa: BLE001  raised again, whatever it is that no other try can mend
                delay = self._failed(error, context)
            if delay is not None:
                await clock.sleep(delay)

    @property
    def number(self) -> int:
        """That of the try that was begun last; 0 before the first."""
        return 0 if self._turn is None else self._turn.number

    def lose(self) -> None:
        """Another target was first: what ends these tries now is no word on the target, and not the client's doing."""
        self._lost = True

    def _failed(self, error: BaseException, context: Context) -> float | None:
        """Writes down what became of a try. Then as `_again`."""
        turn = self._turn
        if turn is not None:
            error = told_of(error, turn)
            turn.end(error)
            note_failure(context.journal, turn, self.clock.now() - turn.lease.began, error, lost=self._lost)
        elif self._last is None and isinstance(error, Busy):
            raise Shut(error) from None  # no place was free: it was not asked
        elif self._last is not None and isinstance(error, Shut):
            raise Passed(self._last) from None
        if not isinstance(error, LockgateError):
            raise error
        return self._again(error, context)

    def _again(self, error: LockgateError, context: Context) -> float | None:
        """Seconds until the next try, None when another key is tried at once. Raises what ends the tries."""
        provider, now = self.provider, self.clock.now()
        if self._turn is not None:
            self._last = error
            self._keys |= {self._turn.lease.key}
            if provider.keys.another(error, self.target.model, self._keys, now):
                return None
        self._count += 1
        self._keys = frozenset()
        move = after(error, self._count, self.queue.spare(error), self.policy, self.luck())
        if move.to == "stop":
            raise error
        if move.to == "next" or time_left(self.timeouts, context, now) <= move.delay:
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
