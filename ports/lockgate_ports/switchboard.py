"""Switchboard: one provider that is spoken to in different ways, by the model that is asked."""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.model import Attempt, ModelPort, ReplyStream
from lockgate_ports.payload import Payload
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.wire import Reply, Request

Line = tuple[ModelPort, str]
"""Who answers for a model, and its name there."""


class Switchboard:
    """A ModelPort. `line_of` says by the name of a model who answers for it; `lines` are all who may."""

    def __init__(
        self, lines: Sequence[ModelPort], line_of: Callable[[str], Line], models: Sequence[ModelCard] = ()
    ) -> None:
        self._lines = tuple(lines)
        self._line_of = line_of
        self._models = tuple(models)

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The catalogue."""
        return self._models

    async def open(self) -> None:
        """Gets every line ready."""
        for line in self._lines:
            await line.open()

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer."""
        line, attempt = self._line(attempt)
        return await line.chat(request, attempt)

    async def stream(self, request: Request[Any], attempt: Attempt) -> ReplyStream:
        """Opens the stream."""
        line, attempt = self._line(attempt)
        return await line.stream(request, attempt)

    async def embed(self, request: Request[EmbedRequest], attempt: Attempt) -> Reply[EmbedResponse]:
        """Vectors."""
        line, attempt = self._line(attempt)
        return await line.embed(request, attempt)

    async def rerank(self, request: Request[RerankRequest], attempt: Attempt) -> Reply[RerankResponse]:
        """Documents by relevance."""
        line, attempt = self._line(attempt)
        return await line.rerank(request, attempt)

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[TokenCount]:
        """How long a chat request is."""
        line, attempt = self._line(attempt)
        return await line.count_tokens(request, attempt)

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """The list of whoever answers for the model."""
        line, attempt = self._line(attempt)
        return await line.discover(attempt)

    async def pass_on(self, request: Request[Payload], attempt: Attempt) -> Reply[Payload]:
        """What is handed on as it is."""
        line, attempt = self._line(attempt)
        return await line.pass_on(request, attempt)

    async def probe(self, attempt: Attempt) -> None:
        """The smallest real call."""
        line, attempt = self._line(attempt)
        await line.probe(attempt)

    async def aclose(self) -> None:
        """Lets every line go."""
        for line in self._lines:
            await line.aclose()

    def _line(self, attempt: Attempt) -> tuple[ModelPort, Attempt]:
        line, name = self._line_of(attempt.model)
        return line, attempt if name == attempt.model else structs.replace(attempt, model=name)
