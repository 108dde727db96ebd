"""A stream that has begun to answer: what was held back first, then the rest, under the rules and the clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from msgspec import structs

from lockgate_core.clock import Clock
from lockgate_core.seen import partial_usage
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.model import ReplyStream
from lockgate_ports.records import UNKNOWN_COST
from lockgate_ports.steps import Served
from lockgate_ports.wire import Request


class LiveStream:
    """An AnswerStream over one committed ReplyStream. It ends only when the stream is complete; else it raises.

    `end` is told what became of it: None, the error, or CANCELLED; the first time counts.
    """

    def __init__(
        self,
        source: ReplyStream,
        rest: AsyncIterator[Sequence[Event]],
        held: list[Sequence[Event] | LockgateError],
        rules: StreamRules,
        served: Served,
        request: Request[Any],
        journal: Journal,
        clock: Clock,
        idle: float,
        deadline: float,
        end: Callable[[LockgateError | str | None], None],
    ) -> None:
        self.served = served
        self.dropped = source.dropped
        self.request_id = source.request_id
        self._source = source
        self._rest = rest
        self._held = held
        self._rules = rules
        self._request = request
        self._journal = journal
        self._clock = clock
        self._idle = idle
        self._deadline = deadline
        self._end = end
        self._late = False

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        try:
            for early in self._held:
                if isinstance(early, LockgateError):
                    raise early
                if early:
                    yield early
            self._held.clear()
            moved = self._clock.now()
            while True:
                try:
                    async with self._clock.timeout(min(moved + self._idle, self._deadline) - self._clock.now()):
                        batch = await anext(self._rest)
                except TimeoutError:
                    raise self._stalled() from None
                except StopAsyncIteration:
                    break
                try:
                    self._rules.take(batch)
                except LockgateError:
                    # What came before the fault in one piece with it is the client's all the same.
                    if sound := batch[: self._rules.sound]:
                        yield sound
                    raise
                if self._rules.progress:
                    moved = self._clock.now()
                if batch:
                    yield batch
            if not self._rules.complete:
                raise self._rules.truncated()
            self._close(None)
            if self._journal.receipt is not None:
                await self._journal.receipt
        except LockgateError as error:
            if isinstance(error, UpstreamError) and not error.provider_id:
                error.provider_id = self.served.target.provider_id
                error.message = f"{error.provider_id}: {error.message}"
            self._close(error)
            raise
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancels the upstream call, unless it has ended."""
        self._close(CANCELLED)
        await self._source.aclose()

    def _close(self, error: LockgateError | str | None) -> None:
        # That a call ran out of its time says nothing about who answers it.
        self._end(CANCELLED if self._late else error)
        journal = self._journal
        if not journal.closed:
            journal.usage = self._rules.usage
            journal.finish_reasons = tuple(self._rules.finished.values())
            code = error.code if isinstance(error, LockgateError) else error
            # Its attempt was written down when it began to answer; only now is it known what became of it.
            began = journal.attempts[-1]
            usage = journal.usage
            if code is not None or usage is None:
                usage = partial_usage(self._request, usage, self._rules.seen)
            journal.attempts[-1] = structs.replace(began, usage=usage, error=code, cost=UNKNOWN_COST)
            journal.close(error)

    def _stalled(self) -> UpstreamError:
        self._late = self._clock.now() >= self._deadline
        why = "took longer than the call may" if self._late else f"sent nothing for {self._idle:g} s"
        return UpstreamError(f"the stream {why}", kind="timeout")
