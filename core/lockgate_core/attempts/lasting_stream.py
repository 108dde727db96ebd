"""A stream that goes on at the next target when the one that answers fails."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from lockgate_core.attempts.delivered import Delivered, Splice, both
from lockgate_core.live_stream import LiveStream
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.journal import CANCELLED, Journal
from lockgate_ports.records import Cost
from lockgate_ports.steps import Served
from lockgate_ports.usage import Usage

Continuation = tuple[LiveStream, bool]
"""A stream that goes on, and whether it was given the words that were said."""
GoOn = Callable[[Delivered, UpstreamError], Awaitable[Continuation | None]]
"""Who goes on after the error; None when nobody can."""


class LastingStream:
    """An AnswerStream over one LiveStream after the other."""

    def __init__(self, first: LiveStream, go_on: GoOn, journal: Journal) -> None:
        self.dropped = first.dropped
        self.request_id = first.request_id
        self.headers = first.headers
        self._live = first
        self._go_on = go_on
        self._journal = journal
        self._delivered = Delivered()
        self._used: Usage | None = None

    @property
    def served(self) -> Served:
        """Who answers now."""
        return self._live.served

    @property
    def cost(self) -> Cost | None:
        """Of all attempts together; None until the call is over."""
        return self._journal.cost

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        splice: Splice | None = None
        fault: UpstreamError | None = None
        try:
            while True:
                try:
                    async for batch in self._live:
                        told = batch if splice is None else splice.take(batch)
                        self._delivered.take(told)
                        if told:
                            yield told
                    self._close(None)
                    break
                except UpstreamError as error:
                    await self._live.aclose()
                    fault = fault or error
                    splice = await self._next(error)
                    if splice is None:
                        raise fault from None
            if self._journal.receipt is not None:
                await self._journal.receipt
        except LockgateError as error:
            self._close(error)
            raise
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancels the upstream call, unless it has ended."""
        self._close(CANCELLED)
        await self._live.aclose()

    async def _next(self, error: UpstreamError) -> Splice | None:
        self._used = both(self._used, self._live.used)
        if not self._delivered.plain or (found := await self._go_on(self._delivered, error)) is None:
            return None
        self._live, prefilled = found
        return Splice(self._delivered, self._used, prefilled=prefilled)

    def _close(self, error: LockgateError | str | None) -> None:
        if not self._journal.closed:
            self._live.close(error)
            self._journal.usage = both(self._used, self._live.used)
            self._journal.close(error)
