"""The provider under test: built from its plugin, in front of a scripted upstream."""

import asyncio
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NoReturn

import msgspec
import pluggy
import pytest
from msgspec import Raw, structs

from lockgate_ports.accumulate import Accumulator
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse, FunctionTool
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, ReadEvent
from lockgate_ports.hooks import PROJECT, BuildContext, ModelFactory, PluginHooks
from lockgate_ports.model import Attempt, ModelPort, ReplyStream
from lockgate_ports.parts import system, user
from lockgate_ports.secret import Secret
from lockgate_ports.testkit.samples import ALIAS, KEY, Sample, Samples
from lockgate_ports.testkit.scripted import JSON, Exchange, Script, ScriptedHttp
from lockgate_ports.testkit.splitting import Splitting, split
from lockgate_ports.wire import Reply, Request

NAME = "provider-under-test"
"""The provider_id in every contract."""

QUESTION = ChatRequest(
    model=ALIAS, messages=(system("Sei kurz."), user("Wie wird das Wetter in Zürich?")), max_tokens=64
)
"""What is asked, unless a test says otherwise."""

_TOOLS = (
    FunctionTool(
        "weather",
        "The weather in a city.",
        Raw(b'{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'),
    ),
    FunctionTool("clock", "What time it is.", Raw(b'{"type":"object","properties":{}}')),
)
TOOL_NAMES = tuple(tool.name for tool in _TOOLS)
WITH_TOOLS = structs.replace(QUESTION, tools=_TOOLS)
"""The same question, with two tools at hand."""

_PATIENCE = 10.0


class Provider:
    """One provider of the kind under test. Each call first appends its script to the upstream's."""

    def __init__(self, factory: ModelFactory[Any], settings: Mapping[str, Any], model: str, samples: Samples) -> None:
        self.factory = factory
        self.samples = samples
        self.settings: Any = msgspec.convert(settings, factory.settings)
        self.http = ScriptedHttp()
        self._given = settings
        self.port = self.built({})
        self.attempt = Attempt(model, Secret(KEY, "env:CONTRACT_KEY"))
        self._opened = False

    def built(self, more: Mapping[str, Any]) -> ModelPort:
        """A provider with the same settings and `more`."""
        settings = msgspec.convert({**self._given, **more}, self.factory.settings)
        return self.factory.build(settings, BuildContext(NAME, self.http))

    def plain(self, sample: Sample) -> Exchange:
        """The sample as a whole answer."""
        return Exchange(chunks=(sample.body,))

    def streamed(self, stream: bytes, splitting: Splitting = "events") -> Exchange:
        """These bytes as a stream."""
        chunks = split(stream, splitting, self.samples.split_events)
        return Exchange(headers=(("content-type", self.samples.event_content_type),), chunks=chunks)

    async def chat(
        self, *script: Script, view: ChatRequest = QUESTION, relay: bytes | None = None
    ) -> Reply[ChatResponse]:
        """One whole answer."""
        await self._prepare(script)
        async with asyncio.timeout(_PATIENCE):
            return await self.port.chat(self._request(view, relay, stream=False), self.attempt)

    async def open_stream(
        self, *script: Script, view: ChatRequest = QUESTION, relay: bytes | None = None, tell: bool = False
    ) -> ReplyStream:
        """A stream that has begun; the caller iterates or closes it. `tell`: what is relayed is read as well."""
        await self._prepare(script)
        request = self._request(view, relay, stream=True)
        request.tell_reply = tell
        async with asyncio.timeout(_PATIENCE):
            return await self.port.stream(request, self.attempt)

    async def stream(
        self, *script: Script, view: ChatRequest = QUESTION, relay: bytes | None = None, tell: bool = False
    ) -> tuple[list[ReadEvent], UpstreamError | None]:
        """All events of a stream, and the error that ended it, whether it was raised or told by a Failure."""
        events: list[ReadEvent] = []
        try:
            stream = await self.open_stream(*script, view=view, relay=relay, tell=tell)
            try:
                async with asyncio.timeout(_PATIENCE):
                    async for batch in stream:
                        events.extend(batch)
            finally:
                await stream.aclose()
        except UpstreamError as error:
            return events, error
        told = [event.error for event in events if isinstance(event, Failure)]
        return events, next((error for error in told if isinstance(error, UpstreamError)), None)

    async def folded(
        self, stream: bytes, splitting: Splitting = "events", view: ChatRequest = QUESTION
    ) -> ChatResponse:
        """The answer that a stream stands for."""
        events, error = await self.stream(self.streamed(stream, splitting), view=view)
        assert error is None, f"a sound stream ended with an error: {error}"
        return fold(events)

    async def discover(self, *script: Script) -> tuple[ModelCard, ...]:
        """What the provider's own list says."""
        await self._prepare(script)
        async with asyncio.timeout(_PATIENCE):
            return await self.port.discover(self.attempt)

    async def probe(self, *script: Script) -> None:
        """The smallest real call."""
        await self._prepare(script)
        async with asyncio.timeout(_PATIENCE):
            await self.port.probe(self.attempt)

    async def _prepare(self, script: Sequence[Script]) -> None:
        self.http.script.extend(script)
        if not self._opened:
            self._opened = True
            await self.port.open()

    def _request(self, view: ChatRequest, relay: bytes | None, *, stream: bool) -> Request[ChatRequest]:
        if relay is None:
            view = structs.replace(view, stream=stream, include_usage=stream or None)
            return Request(operation="chat", model=view.model, stream=stream, view=view)
        return Request(
            operation="chat",
            model=ALIAS,
            stream=stream,
            dialect=self.samples.dialect,
            body=relay,
            read=_needless,
        )


def fold(events: Sequence[ReadEvent]) -> ChatResponse:
    """The answer that these events stand for."""
    accumulator = Accumulator()
    for event in events:
        accumulator.add(event)
    return accumulator.response


def factories(plugin: ModuleType) -> list[ModelFactory[Any]]:
    """The kinds of provider that a plugin registers, found as a gateway finds them."""
    hooks = pluggy.PluginManager(PROJECT)
    hooks.add_hookspecs(PluginHooks)
    hooks.register(plugin)
    hooks.check_pending()
    return [factory for offered in hooks.hook.register_models() for factory in offered]


def factory_of(plugin: ModuleType, kind: str) -> ModelFactory[Any]:
    """The factory of one kind; fails the test when the plugin has none."""
    offered = factories(plugin)
    for factory in offered:
        if factory.kind == kind:
            return factory
    pytest.fail(f"{plugin.__name__} registers no kind {kind!r}, but {[factory.kind for factory in offered]}")


def error_page(status: int) -> Exchange:
    """A proxy's web page, long, and no JSON."""
    page = b"<html><body><h1>Bad gateway</h1>" + b"".join(b"<p>line-%04d</p>" % line for line in range(300))
    return Exchange(status=status, headers=(("content-type", "text/html; charset=utf-8"),), chunks=(page,))


def json_answer(body: bytes, status: int = 200) -> Exchange:
    """A JSON body with a status."""
    return Exchange(status=status, headers=JSON, chunks=(body,))


def _needless() -> NoReturn:
    raise AssertionError("the canonical view was decoded although client and provider speak the same dialect")
