"""What an embedder gets back from a call."""

from collections.abc import AsyncIterator

from msgspec import Struct

from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatResponse
from lockgate_ports.context import Target
from lockgate_ports.embed import EmbedResponse
from lockgate_ports.events import Event, TextDelta
from lockgate_ports.records import Cost
from lockgate_ports.rerank import RerankResponse
from lockgate_ports.steps import AnswerStream, Served


class ChatAnswer(Struct, frozen=True):
    """A whole answer, who gave it, and what of the request was left out because the provider has no word for it."""

    response: ChatResponse
    served: Served
    dropped: tuple[str, ...] = ()
    cost: Cost | None = None
    """Of all attempts together; None when nothing can have been charged."""

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return self.response.text

    @property
    def target(self) -> Target:
        """Who answered."""
        return self.served.target


class EmbedAnswer(Struct, frozen=True):
    """The vectors, who made them, and what of the request was left out because the provider has no word for it."""

    response: EmbedResponse
    served: Served
    dropped: tuple[str, ...] = ()
    cost: Cost | None = None
    """Of all attempts together; None when nothing can have been charged."""

    @property
    def vectors(self) -> tuple[tuple[float, ...], ...]:
        """One for each input, in their order, as numbers."""
        return tuple(each.floats for each in self.response.embeddings)

    @property
    def target(self) -> Target:
        """Who answered."""
        return self.served.target


class RerankAnswer(Struct, frozen=True):
    """A ranking, who made it, and what of the request was left out because the provider has no word for it."""

    response: RerankResponse
    served: Served
    dropped: tuple[str, ...] = ()
    cost: Cost | None = None
    """Of all attempts together; None when nothing can have been charged."""

    @property
    def order(self) -> tuple[int, ...]:
        """The places of the documents in the request, the best first."""
        return tuple(result.index for result in self.response.results)

    @property
    def target(self) -> Target:
        """Who answered."""
        return self.served.target


class CountAnswer(Struct, frozen=True):
    """How many tokens a request has, and for whom. `estimated`: this provider does not count, so it was guessed."""

    input_tokens: int
    estimated: bool
    served: Served

    @property
    def target(self) -> Target:
        """Whose tokens they are."""
        return self.served.target


class ChatStream:
    """An answer that arrives. Iterate it once, to its end; `response` is then the whole of it.

    Raises UpstreamError when the stream fails or ends before the answer was complete.
    """

    def __init__(self, stream: AnswerStream) -> None:
        self._stream = stream
        self._accumulator = Accumulator()

    async def __aiter__(self) -> AsyncIterator[Event]:
        async for batch in self._stream:
            for event in batch:
                self._accumulator.add(event)
                yield event

    async def texts(self) -> AsyncIterator[str]:
        """Only the words of the first choice, as they arrive."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0 and event.text:
                yield event.text

    @property
    def response(self) -> ChatResponse:
        """The answer so far."""
        return self._accumulator.response

    @property
    def served(self) -> Served:
        """Who answers, and after how many tries."""
        return self._stream.served

    @property
    def dropped(self) -> tuple[str, ...]:
        """Fields of the request that were left out."""
        return self._stream.dropped

    @property
    def cost(self) -> Cost | None:
        """Of all attempts together, once it is over: at its end, or when it is closed before that. None until then, and
        when nothing can have been charged."""
        return self._stream.cost

    async def aclose(self) -> None:
        """Stops the answer, and the provider's work on it."""
        await self._stream.aclose()
