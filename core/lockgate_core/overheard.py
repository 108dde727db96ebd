"""A stream that somebody listens to as it goes by."""

from collections.abc import AsyncIterator, Callable, Sequence

from lockgate_ports.events import Event
from lockgate_ports.records import Cost
from lockgate_ports.steps import AnswerStream


class Overheard:
    """An AnswerStream over another one; `hear` is told each batch before whoever reads the stream gets it."""

    def __init__(self, source: AnswerStream, hear: Callable[[Sequence[Event]], None]) -> None:
        self._source = source
        self._hear = hear
        self.served = source.served
        self.dropped = source.dropped
        self.request_id = source.request_id
        self.headers = source.headers

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        async for batch in self._source:
            self._hear(batch)
            yield batch

    @property
    def cost(self) -> Cost | None:
        """As the stream tells it."""
        return self._source.cost

    async def aclose(self) -> None:
        """Stops it."""
        await self._source.aclose()
