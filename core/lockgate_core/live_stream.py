"""A stream that has begun to answer: what was held back first, then the rest, under the rules and the clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Self

from msgspec import structs

from lockgate_core.clock import Clock, Patience
from lockgate_core.seen import partial_usage
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event, ReadEvent
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.model import ReplyStream
from lockgate_ports.records import UNKNOWN_COST, Cost
from lockgate_ports.steps import Served
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request


class LiveStream:
    """An AnswerStream over one committed ReplyStream. It ends only when the stream is complete; else it raises. It is
    its own iterator: nothing but the wait for the next batch stands between the source and whoever reads.

    `end` is told what became of it: None, the error, or CANCELLED; the first time counts. `lasting`: somebody else may
    go on with the answer, so that its end is not the end of the call.
    """

    def __init__(
        self,
        source: ReplyStream,
        rest: AsyncIterator[Sequence[ReadEvent]],
        held: list[Sequence[Event] | LockgateError],
        rules: StreamRules,
        served: Served,
        request: Request[Any],
        journal: Journal,
        clock: Clock,
        idle: float,
        deadline: float,
        end: Callable[[LockgateError | str | None], None],
        *,
        lasting: bool = False,
    ) -> None:
        self.served = served
        self.dropped = source.dropped
        self.request_id = source.request_id
        self.headers = source.headers
        self._source = source
        self._next = rest.__anext__
        self._held = iter(held)
        self._fault: LockgateError | None = None
        """What is to be raised behind the batch that was returned last."""
        self._rules = rules
        self._request = request
        self._journal = journal
        self._clock = clock
        self._idle = idle
        self._deadline = deadline
        self._patience: Patience | None = None
        """For the next content; None until what was held back is read."""
        self._moved = 0.0
        """When content came last."""
        self._gaps: list[float] = []
        self._end = end
        self._lasting = lasting
        self._late = False
        self._over = False
        self._told = False
        """Whoever reads knows of its end."""
        self.used: Usage | None = None
        """Known when it is over: as it was reported, or what was seen of it amounts to."""
        self._place = len(journal.attempts)
        """Where its attempt will stand in the journal."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Event]:
        try:
            if (patience := self._patience) is None:
                for early in self._held:
                    if isinstance(early, LockgateError):
                        raise early
                    if early:
                        return early
                patience = self._begin()
            if self._fault is not None:
                raise self._fault
            rules = self._rules
            while not self._told:
                try:
                    with patience:
                        batch = await self._next()
                except TimeoutError:
                    if not rules.complete:
                        raise self._stalled() from None
                    break
                except StopAsyncIteration:
                    break
                except UpstreamError:
                    if not rules.complete:
                        raise
                    break
                try:
                    shown = rules.take(batch)
                except LockgateError as error:
                    # What came before the fault in one piece with it is the client's all the same.
                    if sound := rules.shown(batch[: rules.sound]):
                        self._fault = error
                        return sound
                    raise
                if rules.progress:
                    now = self._clock.now()
                    self._gaps.append(now - self._moved)
                    self._moved = now
                    due = now + self._idle
                    patience.due = due if due < self._deadline else self._deadline
                if shown:
                    return shown
            await self._end_whole()
            raise StopAsyncIteration
        except LockgateError as error:
            self._told = True
            if isinstance(error, UpstreamError) and not error.provider_id:
                error.provider_id = self.served.target.provider_id
                error.message = f"{error.provider_id}: {error.message}"
            self.close(error)
            await self._source.aclose()
            raise
        except BaseException:
            self._told = True
            await self.aclose()
            raise

    @property
    def model(self) -> str | None:
        """Who answers, as the provider says."""
        return self._rules.model

    @property
    def cost(self) -> Cost | None:
        """Of all attempts together; None until the call is over."""
        return self._journal.cost

    async def drop(self) -> None:
        """It is not wanted after all, and somebody else answers the call."""
        self._over = True
        self._end(CANCELLED)
        await self._source.aclose()

    async def aclose(self) -> None:
        """Cancels the upstream call, unless it has ended."""
        self.close(CANCELLED)
        await self._source.aclose()

    def close(self, error: LockgateError | str | None) -> None:
        """Writes down what became of it; the first time counts."""
        if self._over:
            return
        self._over = True
        # That a call ran out of its time says nothing about who answers it.
        self._end(CANCELLED if self._late else error)
        journal = self._journal
        if journal.closed:
            return
        # Its attempt was written down when it began to answer; only now is it known what became of it.
        usage, code = self._rules.usage, error.code if isinstance(error, LockgateError) else error
        used = usage
        if code is not None or used is None:
            used = partial_usage(self._request, used, self._rules.seen)
        self.used = used
        began = journal.attempts[self._place]
        journal.attempts[self._place] = structs.replace(
            began, usage=used, error=code, cost=UNKNOWN_COST, skipped=self._rules.skipped
        )
        journal.finish_reasons = tuple(self._rules.finished.values())
        if not self._lasting:
            journal.usage = usage
            journal.close(error)

    def _begin(self) -> Patience:
        journal, now = self._journal, self._clock.now()
        if journal.gaps is None:
            journal.gaps = []
        self._gaps = journal.gaps
        self._moved = now
        self._patience = self._clock.timeout(min(self._idle, self._deadline - now))
        return self._patience

    async def _end_whole(self) -> None:
        if self._told:
            return
        if not self._rules.complete:
            raise self._rules.truncated()
        self.close(None)
        if not self._lasting and self._journal.receipt is not None:
            await self._journal.receipt

    def _stalled(self) -> UpstreamError:
        self._late = self._clock.now() >= self._deadline
        why = "took longer than the call may" if self._late else f"sent nothing for {self._idle:g} s"
        return UpstreamError(f"the stream {why}", kind="timeout")
