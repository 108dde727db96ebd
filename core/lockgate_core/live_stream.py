"""A stream that has begun to answer: what was held back first, then the rest, under the rules and the clock."""

from collections.abc import AsyncIterator, Sequence

from lockgate_core.clock import Clock
from lockgate_core.stream_rules import StreamRules
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.model import ReplyStream
from lockgate_ports.steps import Served


class LiveStream:
    """An AnswerStream over one committed ReplyStream. It ends only when the stream is complete; else it raises."""

    def __init__(
        self,
        source: ReplyStream,
        rest: AsyncIterator[Sequence[Event]],
        held: list[Sequence[Event]],
        rules: StreamRules,
        served: Served,
        journal: Journal,
        clock: Clock,
        idle: float,
        deadline: float,
    ) -> None:
        self.served = served
        self.dropped = source.dropped
        self.request_id = source.request_id
        self._source = source
        self._rest = rest
        self._held = held
        self._rules = rules
        self._journal = journal
        self._clock = clock
        self._idle = idle
        self._deadline = deadline

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        try:
            for batch in self._held:
                if batch:
                    yield batch
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
                self._rules.take(batch)
                if self._rules.progress:
                    moved = self._clock.now()
                if batch:
                    yield batch
            if not self._rules.complete:
                raise self._named(self._rules.truncated())
            self._close(None)
        except LockgateError as error:
            self._close(error)
            raise
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancels the upstream call, unless it has ended."""
        self._close(CANCELLED)
        await self._source.aclose()

    def _close(self, error: LockgateError | str | None) -> None:
        self._journal.usage = self._rules.usage
        self._journal.close(error)

    def _stalled(self) -> UpstreamError:
        why = (
            "took longer than the call may"
            if self._clock.now() >= self._deadline
            else f"sent nothing for {self._idle:g} s"
        )
        return self._named(UpstreamError(f"the stream {why}", kind="timeout"))

    def _named(self, error: UpstreamError) -> UpstreamError:
        error.provider_id = self.served.target.provider_id
        error.message = f"{error.provider_id}: {error.message}"
        return error
