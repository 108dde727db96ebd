"""An open gateway: calls for embedders, and surfaces to serve or to mount."""

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from msgspec import structs

from lockgate.adapters.callers import Callers
from lockgate.calls import ChatAnswer, ChatStream, CountAnswer, EmbedAnswer, RerankAnswer
from lockgate.listing import listed_models
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.settings.model import Settings
from lockgate_core.engine import Engine
from lockgate_core.explain import Explainer, Explanation
from lockgate_core.provider import Provider
from lockgate_core.rollout import Rollouts
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import ListedModel
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.kept import KeptAnswersPort
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.steps import Answer, AnswerStream
from lockgate_ports.wire import Request

if TYPE_CHECKING:
    from aiohttp import web

    from lockgate.surfaces.asgi import AsgiApp
    from lockgate.surfaces.bounds import Bounds
    from lockgate.surfaces.front_door import FrontDoor


class Gateway:
    """Made by `open_gateway()`; answers until that block is left."""

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        engine: Engine,
        explainer: Explainer,
        rollouts: Rollouts,
        providers: Mapping[str, Provider],
        metrics: MetricsPort,
        ledger: LedgerPort | None,
        callers: Callers,
        answers: KeptAnswersPort | None = None,
    ) -> None:
        self.settings = settings
        self.plugins = plugins
        self.providers = providers
        self.metrics = metrics
        self.ledger = ledger
        """What was used and what was done; None where settings name no ledger."""
        self._engine = engine
        self._explainer = explainer
        self.rollouts = rollouts
        self._answers = answers
        self.callers = callers

    async def chat(self, request: ChatRequest, *, caller: Caller = NOBODY, timeout: float | None = None) -> ChatAnswer:
        """One whole answer. `caller`: on whose behalf; `timeout` bounds all tries together, in seconds.

        Raises ModelNotFound, Unsupported, EgressDenied, or UpstreamError when no target answers.
        """
        answer = await self._answer(
            _request(request, stream=False), request_id=_request_id(), caller=caller, deadline=timeout
        )
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        return ChatAnswer(answer.reply.view, answer.served, answer.reply.dropped, answer.cost)

    async def rerank(
        self, request: RerankRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> RerankAnswer:
        """Which documents answer a query best. `timeout` bounds all tries together, in seconds.

        Raises as `chat` does; Unsupported also where the provider ranks nothing.
        """
        answer = await self._answer(
            Request(operation="rerank", model=request.model, stream=False, view=request),
            request_id=_request_id(),
            caller=caller,
            deadline=timeout,
        )
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        return RerankAnswer(answer.reply.view, answer.served, answer.reply.dropped, answer.cost)

    @asynccontextmanager
    async def stream(
        self, request: ChatRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> AsyncGenerator[ChatStream, None]:
        """`async with gateway.stream(request) as stream:` opens when a provider has begun to answer, so that failures
        before it are retried unseen; leaving the block stops the provider's work. Raises as `chat` does.
        """
        answer = await self._answer(
            _request(request, stream=True), request_id=_request_id(), caller=caller, deadline=timeout
        )
        if isinstance(answer, Answer):
            raise TypeError("a step answered a stream with a plain answer")
        stream = ChatStream(answer)
        try:
            yield stream
        finally:
            await stream.aclose()

    async def embed(
        self, request: EmbedRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> EmbedAnswer:
        """One vector for each input. `timeout` and errors as for `chat`; Unsupported where the provider makes none."""
        call = Request(operation="embeddings", model=request.model, stream=False, view=request)
        answer = await self._answer(call, request_id=_request_id(), caller=caller, deadline=timeout)
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        return EmbedAnswer(answer.reply.view, answer.served, answer.reply.dropped, answer.cost)

    def explain(self, request: ChatRequest, *, caller: Caller = NOBODY) -> Explanation:
        """What would be done with the request if it came next: who is asked in which order, who is not and why."""
        return self._explainer.explain(_request(request, stream=request.stream), caller)

    async def count_tokens(
        self, request: ChatRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> CountAnswer:
        """How long a request is, as its provider counts; estimated where it does not. Raises as `chat` does."""
        call = Request(operation="count_tokens", model=request.model, stream=False, view=request)
        answer = await self._answer(call, request_id=_request_id(), caller=caller, deadline=timeout)
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        count = answer.reply.view
        return CountAnswer(count.input_tokens, count.estimated, answer.served)

    async def _answer(self, request: Request[Any], **how: Any) -> Answer | AnswerStream:
        try:
            return await self._engine.answer(request, **how)
        except LockgateError as error:
            redact.clean(error)
            raise

    def models(self) -> list[ListedModel]:
        """Every name that can be asked for: the routes, and `provider_id/model` of each catalogue."""
        return listed_models(self.settings, self.providers)

    @property
    def bounds(self) -> "Bounds":
        """What clients may take, by the settings."""
        from lockgate.surfaces.bounds import Bounds

        server = self.settings.server
        return Bounds(server.max_body_bytes, server.header_timeout, server.body_timeout, server.ping_interval)

    def front_door(self, *, loopback: bool = False) -> "FrontDoor":
        """The surfaces, before any server framework. `loopback`: nobody from elsewhere can come in, so that the pages
        for operators need no key where no key is asked for."""
        from lockgate.surfaces.admin import AdminPlace
        from lockgate.surfaces.labels import LabelHeader
        from lockgate.surfaces.mounting import open_front_door, probes

        return open_front_door(
            AdminPlace(self._explainer, self.rollouts, self.plugins.dialects),
            self._engine,
            self.plugins,
            self.models(),
            probes(self.settings, self.providers),
            self.metrics,
            self.ledger,
            self.callers,
            self.settings.server,
            LabelHeader(self.settings.labels.header),
            self._answers,
            loopback=loopback,
        )

    def asgi_app(self) -> "AsgiApp":
        """The surfaces as an ASGI application, to mount in a service of one's own."""
        from lockgate.surfaces.asgi import AsgiApp

        return AsgiApp(self.front_door(), self.bounds)

    def aiohttp_app(self) -> "web.Application":
        """The surfaces as an aiohttp sub-application: `service.add_subapp("/llm", gateway.aiohttp_app())`."""
        from lockgate.surfaces.aiohttp_app import aiohttp_app

        return aiohttp_app(self.front_door(), self.bounds)


def _request(view: ChatRequest, *, stream: bool) -> Request[ChatRequest]:
    if view.stream != stream:
        view = structs.replace(view, stream=stream)
    return Request(operation="chat", model=view.model, stream=stream, view=view)


def _request_id() -> str:
    return f"req_{secrets.token_hex(12)}"
