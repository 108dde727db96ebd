"""ModelPort: what the engine asks of a provider."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import NotOffered, Unsupported
from lockgate_ports.events import ReadEvent
from lockgate_ports.http import NO_PURPOSE, Headers, Purpose
from lockgate_ports.payload import Payload
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.secret import Secret
from lockgate_ports.wire import Operation, Reply, Request


class Attempt(Struct, frozen=True):
    """One try at one target: the provider's own name for the model, the key to use, on whose behalf."""

    model: str
    secret: Secret | None = None
    purpose: Purpose = NO_PURPOSE
    headers: Headers = ()
    """Header fields to send besides: those of a trace."""
    connect: float | None = None
    """Seconds within which a new connection must stand; None: as the way out was told when it was made."""


class ReplyStream(Protocol):
    """An answer that arrives in events. Iterate to the end or close; closing cancels the upstream call at once."""

    @property
    def dropped(self) -> tuple[str, ...]:
        """Fields of the request that were left out."""
        ...

    @property
    def request_id(self) -> str | None:
        """The provider's id for the call."""
        ...

    @property
    def headers(self) -> Headers:
        """The provider's header fields that go to the client with its events."""
        ...

    def __aiter__(self) -> AsyncIterator[Sequence[ReadEvent]]:
        """The events in batches, as they arrive; an empty batch is traffic without an event."""
        ...

    async def aclose(self) -> None:
        """Stop. Safe to call twice."""
        ...


class ModelPort(Protocol):
    """One configured provider. Raises UpstreamError, EgressDenied or Unsupported; does no retries of its own."""

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The catalogue, where there is one."""
        ...

    async def open(self) -> None:
        """Get ready: load weights, say. Called once, before the first call."""
        ...

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer."""
        ...

    async def stream(self, request: Request[Any], attempt: Attempt) -> ReplyStream:
        """Returns when the provider has accepted the call and begun to answer."""
        ...

    async def embed(self, request: Request[EmbedRequest], attempt: Attempt) -> Reply[EmbedResponse]:
        """Vectors. Raises NotOffered where the provider makes none."""
        ...

    async def rerank(self, request: Request[RerankRequest], attempt: Attempt) -> Reply[RerankResponse]:
        """Documents by relevance. Raises NotOffered where the provider ranks none."""
        ...

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[TokenCount]:
        """How long a chat request is. Raises NotOffered where the provider does not count: it is then estimated."""
        ...

    async def pass_on(self, request: Request[Payload], attempt: Attempt) -> Reply[Payload]:
        """What has no canonical view, to a provider of the client's own dialect; streams go by `stream`. Raises
        NotOffered where the provider has no such thing."""
        ...

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """What the provider itself says of the models it has. Raises Unsupported where it has no such list."""
        ...

    async def probe(self, attempt: Attempt) -> None:
        """The smallest real call that shows that provider and key work. Returns or raises as `chat` does."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


def lists_no_models(provider_id: str) -> Unsupported:
    """What a provider raises that cannot be asked which models it has."""
    return Unsupported(f"{provider_id} has no list of its models that could be asked for", param="model")


def offers_no(operation: Operation, provider_id: str) -> NotOffered:
    """What a provider raises for an operation that it does not have."""
    return NotOffered(f"{provider_id} offers no {operation.replace('_', ' ')}; ask another provider", param="model")
