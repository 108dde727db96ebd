"""The engine under test: built from its plugin as a gateway builds it, without a network, asked as an embedder asks."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Never

import msgspec
import pytest
from msgspec import structs

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Skipped
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import HttpRequest
from lockgate_ports.model import Attempt, ReplyStream
from lockgate_ports.parts import user
from lockgate_ports.testkit.provider import NAME
from lockgate_ports.wire import Reply, Request

SHORT = ChatRequest(model="asked", messages=(user("Say hi."),), max_tokens=8, temperature=0.0, seed=1)
"""What is asked, unless a test says otherwise; the same words get the same answer."""

LONG = structs.replace(SHORT, messages=(user("Write a very long story."),), max_tokens=4000)
"""Far more than anybody waits for."""


class NoNetwork:
    """The HttpPort of an engine, which has no use for one; `asked` remembers what it was asked all the same."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> Never:
        """Fails the call."""
        self.asked.append(request)
        raise AssertionError(f"an engine asked the network for {request.method} {request.target}")

    async def aclose(self) -> None:
        """Nothing was opened."""


class Engine:
    """One engine of the kind under test. No call waits longer than `patience` seconds: then the test has failed."""

    def __init__(self, factory: ModelFactory[Any], settings: Mapping[str, Any], model: str, patience: float) -> None:
        self.http = NoNetwork()
        self.port = factory.build(msgspec.convert(settings, factory.settings), BuildContext(NAME, self.http))
        self.attempt = Attempt(model)
        self.patience = patience

    @property
    def card(self) -> ModelCard:
        """What the engine says of the model that is asked."""
        cards = [card for card in self.port.models if card.id == self.attempt.model]
        assert len(cards) == 1, f"{self.attempt.model} has {len(cards)} cards"
        return cards[0]

    @asynccontextmanager
    async def waiting(self, for_what: str) -> AsyncGenerator[None]:
        """Fails the test when what is done within takes longer than anybody waits."""
        try:
            async with asyncio.timeout(self.patience):
                yield
        except TimeoutError:
            pytest.fail(f"{for_what} did not come within {self.patience:g} s")

    async def open(self) -> None:
        """Loads it."""
        async with self.waiting("the end of open"):
            await self.port.open()

    async def aclose(self) -> None:
        """Lets go of it."""
        async with self.waiting("the end of aclose"):
            await self.port.aclose()

    def request(self, view: ChatRequest, *, stream: bool = False) -> Request[ChatRequest]:
        """As an embedder asks."""
        model = self.attempt.model
        view = structs.replace(view, model=model, stream=stream, include_usage=stream or None)
        return Request(operation="chat", model=model, stream=stream, view=view)

    async def chat(self, view: ChatRequest = SHORT) -> Reply[ChatResponse]:
        """One whole answer."""
        async with self.waiting("an answer"):
            return await self.port.chat(self.request(view), self.attempt)

    async def stream(self, view: ChatRequest = SHORT) -> ReplyStream:
        """A stream that has begun; the caller iterates or closes it."""
        async with self.waiting("the beginning of a stream"):
            return await self.port.stream(self.request(view, stream=True), self.attempt)

    async def events(self, view: ChatRequest = SHORT) -> list[Event]:
        """All events of a stream. Raises the UpstreamError that ended it."""
        stream = await self.stream(view)
        async with self.waiting("the end of a stream"):
            read = [event async for batch in stream for event in batch]
        events: list[Event] = []
        for event in read:
            if isinstance(event, Failure):
                raise event.error
            assert not isinstance(event, Skipped), "the engine told of an event that makes no sense"
            events.append(event)
        return events

    async def refusal(self, view: ChatRequest = SHORT, *, model: str | None = None) -> UpstreamError:
        """The error that a call must fail with."""
        attempt = Attempt(model or self.attempt.model)
        async with self.waiting("a refusal"):
            with pytest.raises(UpstreamError) as caught:
                await self.port.chat(self.request(view), attempt)
        assert caught.value.provider_id == NAME, "the error does not say whose it is"
        return caught.value
