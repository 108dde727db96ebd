"""A stream that has begun to answer: what was held back first, then the rest, under the rules and the clock."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from msgspec import structs

from lockgate_core.clock import Clock
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
    """An AnswerStream over one committed ReplyStream. It ends only when the stream is complete; else it raises.

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
        self._held = held
        self._rules = rules
        self._request = request
        self._journal = journal
        self._clock = clock
        self._idle = idle
        self._deadline = deadline
        self._end = end
        self._lasting = lasting
        self._late = False
        self._over = False
        self.used: Usage | None = None
        """Known when it is over: as it was reported, or what was seen of it amounts to."""
        self._place = len(journal.attempts)
        """Where its attempt will stand in the journal."""

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        try:
            for early in self._held:
                if isinstance(early, LockgateError):
                    raise early
                if early:
                    yield early
            self._held.clear()
            gaps = self._journal.gaps
            if gaps is None:
                gaps = self._journal.gaps = []
            moved = self._clock.now()
            while True:
                try:
                    with self._clock.timeout(min(moved + self._idle, self._deadline) - self._clock.now()):
                        batch = await anext(self._rest)
                except TimeoutError:
                    if not self._rules.complete:
                        raise self._stalled() from None
                    break
                except StopAsyncIteration:
                    break
                except UpstreamError:
                    if not self._rules.complete:
                        raise
                    break
                try:
                    shown = self._rules.take(batch)
                except LockgateError:
                    # What came before the fault in one piece with it is the client's all the same.
                    if sound := self._rules.shown(batch[: self._rules.sound]):
                        yield sound
                    raise
                if self._rules.progress:
                    now = self._clock.now()
                    gaps.append(now - moved)
                    moved = now
                if shown:
                    yield shown
            if not self._rules.complete:
                raise self._rules.truncated()
            self.close(None)
            if not self._lasting and self._journal.receipt is not None:
                await self._journal.receipt
        except LockgateError as error:
            if isinstance(error, UpstreamError) and not error.provider_id:
                error.provider_id = self.served.target.provider_id
                error.message = f"{error.provider_id}: {error.message}"
            self.close(error)
            raise
        finally:
            await self.aclose()

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

    def _stalled(self) -> UpstreamError:
        self._late = self._clock.now() >= self._deadline
        why = "took longer than the call may" if self._late else f"sent nothing for {self._idle:g} s"
        return UpstreamError(f"the stream {why}", kind="timeout")
