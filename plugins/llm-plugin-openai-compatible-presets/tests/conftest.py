"""What the tests of the rows share: ways to ask one and see what it sends, and to read what it gives."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

import llm_plugin_openai_compatible_presets
from lockgate_ports.accumulate import Accumulator
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.hooks import BuildContext, ModelFactory
from lockgate_ports.http import HttpRequest
from lockgate_ports.model import Attempt, ModelPort
from lockgate_ports.parts import user
from lockgate_ports.testkit import Exchange, ScriptedHttp
from lockgate_ports.wire import Reply, Request

Factories = dict[str, ModelFactory[Any]]
_ANSWER = b'{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}'
_SSE = (("content-type", "text/event-stream"),)


class Sent:
    """A request as it left, and what was left out of it."""

    def __init__(self, http: HttpRequest, dropped: tuple[str, ...]) -> None:
        self.http = http
        self.body: dict[str, Any] = json.loads(http.body)
        self.dropped = dropped


class Row:
    """One kind, built with settings, on scripted bytes."""

    def __init__(self, factory: ModelFactory[Any], settings: dict[str, Any]) -> None:
        self._http = ScriptedHttp()
        given = msgspec.convert(settings, factory.settings)
        self._model: ModelPort = factory.build(given, BuildContext("acme", self._http))

    async def sends(self, **fields: Any) -> Sent:
        """A request of this canonical view."""
        given: dict[str, Any] = {"messages": (user("Hi"),), **fields}
        view = ChatRequest(model="m", **given)
        return await self._sent(Request(operation="chat", model="m", stream=False, view=view))

    async def relays(self, **fields: Any) -> Sent:
        """A request of a client of openai-chat, with these fields."""
        given = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields}
        body = json.dumps(given).encode()
        return await self._sent(Request(operation="chat", model="m", stream=False, dialect="openai-chat", body=body))

    async def reads(self, body: bytes) -> ChatResponse:
        """A whole answer."""
        self._http.script.append(Exchange(chunks=(body,)))
        return (await self._model.chat(_hello(), Attempt("real"))).view

    async def streams(self, data: bytes, size: int = 5) -> ChatResponse:
        """A stream, folded, that came in pieces of so many bytes."""
        chunks = tuple(data[at : at + size] for at in range(0, len(data), size))
        self._http.script.append(Exchange(headers=_SSE, chunks=chunks))
        fold = Accumulator()
        async for events in await self._model.stream(_hello(), Attempt("real")):
            for event in events:
                fold.add(event)
        return fold.response

    async def _sent(self, request: Request[ChatRequest]) -> Sent:
        self._http.script.append(Exchange(chunks=(_ANSWER,)))
        reply: Reply[ChatResponse] = await self._model.chat(request, Attempt("real"))
        return Sent(self._http.requests[-1], reply.dropped)


Build = Callable[..., Row]


@pytest.fixture
def factories() -> Factories:
    return {factory.kind: factory for factory in llm_plugin_openai_compatible_presets.register_models()}


@pytest.fixture
def row(factories: Factories) -> Build:
    """`row("groq", params="strict")`."""

    def built(kind: str, **settings: Any) -> Row:
        return Row(factories[kind], settings)

    return built


def _hello() -> Request[ChatRequest]:
    view = ChatRequest(model="m", messages=(user("Hi"),))
    return Request(operation="chat", model="m", stream=False, view=view)
