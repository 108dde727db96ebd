"""A stream that has begun to answer: what was held back first, then the rest, under the rules and the clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Self

from msgspec import structs

from lockgate_core.clock import Clock
from lockgate_core.pace import paced
from lockgate_core.seen import partial_usage
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event, ReadEvent
from lockgate_ports.handing import Take, hand
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.model import ReplyStream
from lockgate_ports.records import UNKNOWN_COST, Cost
from lockgate_ports.steps import Served
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Request

_GAPS = 1_000
"""How many are kept one by one: a stream may go on for hours."""


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
        self._rest = rest
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
        self._patience = clock.timeout(idle)
        """For the next content."""
        self._begun = False
        """What was held back is read."""
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
            if (early := self._early()) is not None:
                return early
            while not self._told:
                try:
                    with self._patience:
                        batch = await self._next()
                except (TimeoutError, StopAsyncIteration, UpstreamError) as error:
                    self._check_end(error)
                    break
                if shown := self._read(batch):
                    return shown
            await self._end_whole()
        except BaseException as error:
            await self._end_with(error)
            raise
        raise StopAsyncIteration

    async def hand(self, take: Take[Sequence[Event]]) -> None:
        """All batches that are left, at once where they arrive. Raises LockgateError, and what `take` raises."""

        def arrived(batch: Sequence[ReadEvent]) -> Awaitable[None] | None:
            shown = self._read(batch)
            full = take(shown) if shown else None
            return None if full is None and self._fault is None else self._resume(full)

        try:
            while (early := self._early()) is not None:
                if (full := take(early)) is not None:
                    await full
            try:
                with self._patience:
                    await hand(self._rest, arrived)
            except (TimeoutError, UpstreamError) as error:
                self._check_end(error)
            await self._end_whole()
        except BaseException as error:
            await self._end_with(error)
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

    def _early(self) -> Sequence[Event] | None:
        """What was held back, then None. Raises the fault that stands behind what was told."""
        if self._fault is not None:
            raise self._fault
        if self._begun:
            return None
        for early in self._held:
            if isinstance(early, LockgateError):
                raise early
            if early:
                return early
        self._begun = True
        journal, now = self._journal, self._clock.now()
        if journal.gaps is None:
            journal.gaps = []
        self._gaps = journal.gaps
        self._moved = now
        self._patience.due = min(now + self._idle, self._deadline)
        return None

    def _read(self, batch: Sequence[ReadEvent]) -> Sequence[Event]:
        """What the client gets of it; a fault behind that is kept."""
        rules = self._rules
        try:
            shown = rules.take(batch)
        except LockgateError as error:
            # What came before the fault in one piece with it is the client's all the same.
            self._fault = error
            if sound := rules.shown(batch[: rules.sound]):
                return sound
            raise
        if rules.progress:
            now = self._clock.now()
            gaps = self._gaps
            gaps.append(now - self._moved)
            if len(gaps) >= _GAPS:
                self._journal.pace = paced(self._journal.pace, gaps)
                gaps.clear()
            self._moved = now
            due = now + self._idle
            self._patience.due = due if due < self._deadline else self._deadline
        return shown

    async def _resume(self, full: Awaitable[object] | None) -> None:
        """Whoever reads takes time for it, which is not the source's."""
        if full is not None:
            self._patience.due = self._deadline
            await full
        if self._fault is not None:
            raise self._fault
        self._patience.until(min(self._clock.now() + self._idle, self._deadline))

    def _check_end(self, error: Exception) -> None:
        """Raises what is wrong with a stream that has ended so; once it is complete, nothing is."""
        if self._fault is not None:
            raise self._fault
        if self._rules.complete or isinstance(error, StopAsyncIteration):
            return
        if isinstance(error, TimeoutError):
            raise self._stalled() from None
        raise error

    async def _end_with(self, error: BaseException) -> None:
        self._told, self._fault = True, None
        if isinstance(error, UpstreamError) and not error.provider_id:
            error.provider_id = self.served.target.provider_id
            error.message = f"{error.provider_id}: {error.message}"
        self.close(error if isinstance(error, LockgateError) else CANCELLED)
        await self._source.aclose()

    async def _end_whole(self) -> None:
        if self._told:
            return
        if not self._rules.complete:
            raise self._rules.truncated()
        self.close(None)
        if not self._lasting and self._journal.receipt is not None:
            await self._journal.receipt
        self._told = True
        await self._source.aclose()

    def _stalled(self) -> UpstreamError:
        self._late = self._clock.now() >= self._deadline
        why = "took longer than the call may" if self._late else f"sent nothing for {self._idle:g} s"
        return UpstreamError(f"the stream {why}", kind="timeout")
