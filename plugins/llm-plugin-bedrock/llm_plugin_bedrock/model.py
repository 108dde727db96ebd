"""BedrockModel: a ModelPort that asks once for each input of a model that embeds one at a time."""

import asyncio

from msgspec import structs

from llm_plugin_bedrock.embeddings import InvokeEmbeddings
from llm_plugin_bedrock.families import family_of
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.embed import Embedding, EmbedRequest, EmbedResponse
from lockgate_ports.model import Attempt, ModelPort, ReplyStream
from lockgate_ports.payload import Payload
from lockgate_ports.replies import glance_embeddings
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply, Request

AT_ONCE = 4
"""Requests in the air for one call of many inputs."""


class BedrockModel:
    """A ModelPort. Titan's embedding models take one input a request; everything else is `inner`'s."""

    def __init__(self, inner: ModelPort) -> None:
        self._inner = inner

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The catalogue."""
        return self._inner.models

    async def open(self) -> None:
        """Nothing to load."""
        await self._inner.open()

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer."""
        return await self._inner.chat(request, attempt)

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> ReplyStream:
        """Opens the stream."""
        return await self._inner.stream(request, attempt)

    async def embed(self, request: Request[EmbedRequest], attempt: Attempt) -> Reply[EmbedResponse]:
        """Vectors, in the order of the inputs; the first input that fails fails the call, and the rest is given up."""
        family = family_of(attempt.model)
        single = family.maker == "amazon" and family.model.startswith("titan-embed")
        if not single or request.dialect == InvokeEmbeddings.name or len(request.view.inputs) < 2:
            return await self._inner.embed(request, attempt)
        room = asyncio.Semaphore(AT_ONCE)
        calls = [asyncio.create_task(self._one(request, place, attempt, room)) for place in _places(request)]
        try:
            replies = await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        view = _joined([reply.view for reply in replies])
        first = replies[0]
        return Reply(glance_embeddings(view), made=view, dropped=first.dropped, request_id=first.request_id)

    async def rerank(self, request: Request[RerankRequest], attempt: Attempt) -> Reply[RerankResponse]:
        """Raises Unsupported."""
        return await self._inner.rerank(request, attempt)

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[TokenCount]:
        """How long a chat request is."""
        return await self._inner.count_tokens(request, attempt)

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """Raises Unsupported: Bedrock lists its models at another host, which is not among this provider's places."""
        return await self._inner.discover(attempt)

    async def pass_on(self, request: Request[Payload], attempt: Attempt) -> Reply[Payload]:
        """Raises Unsupported."""
        return await self._inner.pass_on(request, attempt)

    async def probe(self, attempt: Attempt) -> None:
        """The smallest real call."""
        await self._inner.probe(attempt)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()

    async def _one(
        self, request: Request[EmbedRequest], place: int, attempt: Attempt, room: asyncio.Semaphore
    ) -> Reply[EmbedResponse]:
        view = structs.replace(request.view, inputs=(request.view.inputs[place],))
        async with room:
            return await self._inner.embed(request.edited(view), attempt)


def _places(request: Request[EmbedRequest]) -> range:
    return range(len(request.view.inputs))


def _joined(views: list[EmbedResponse]) -> EmbedResponse:
    vectors = [embedding.vector for view in views for embedding in view.embeddings]
    counts = [view.usage.input_tokens for view in views if view.usage is not None]
    known = [count for count in counts if count is not None]
    total = sum(known) if len(known) == len(views) else None
    return EmbedResponse(
        embeddings=tuple(Embedding(place, vector) for place, vector in enumerate(vectors)),
        usage=Usage(input_tokens=total, total_tokens=total) if total is not None else None,
    )
