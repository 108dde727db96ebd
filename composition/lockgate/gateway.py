"""An open gateway: calls for embedders, and surfaces to serve or to mount."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from msgspec import structs

from lockgate.adapters.callers import Callers
from lockgate.calls import ChatAnswer, ChatStream, CountAnswer, EmbedAnswer, RerankAnswer
from lockgate.deployment import Deployment
from lockgate.listing import listed_models
from lockgate.loading import Source
from lockgate.plugins import Plugins
from lockgate.redaction import redact
from lockgate.reloaded import Reloaded
from lockgate.request_ids import new_request_id
from lockgate.settings.model import Settings
from lockgate.succession import Following, Succession
from lockgate_core.explain import Explanation
from lockgate_core.provider import Provider
from lockgate_core.rollout import Rollouts
from lockgate_core.shadows import Shadows
from lockgate_ports.caller import NOBODY, Caller
from lockgate_ports.chat import ChatRequest
from lockgate_ports.dialect import ListedModel, Surface
from lockgate_ports.embed import EmbedRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.metrics import MetricsPort
from lockgate_ports.rerank import RerankRequest
from lockgate_ports.steps import Answer, AnswerStream
from lockgate_ports.wire import Request

if TYPE_CHECKING:
    from aiohttp import web

    from lockgate.findings import Report, Tell
    from lockgate.surfaces.asgi import AsgiApp
    from lockgate.surfaces.bounds import Bounds
    from lockgate.surfaces.entrance import Entrance
    from lockgate.surfaces.front_door import Serve


class Gateway:
    """Made by `open_gateway()`; answers until that block is left."""

    def __init__(self, succession: Succession) -> None:
        self._succession = succession
        self._entrances: WeakSet[Entrance] = WeakSet()
        succession.prepare.append(self._prepare)

    @property
    def settings(self) -> Settings:
        """Those that hold now."""
        return self._succession.current.settings

    @property
    def plugins(self) -> Plugins:
        """Those that are loaded."""
        return self._succession.current.plugins

    @property
    def providers(self) -> Mapping[str, Provider]:
        """By provider_id."""
        return self._succession.current.providers

    @property
    def metrics(self) -> MetricsPort:
        """Where calls are counted."""
        return self._succession.current.metrics

    @property
    def ledger(self) -> LedgerPort | None:
        """What was used and what was done; None where settings name no ledger."""
        return self._succession.current.ledger

    @property
    def callers(self) -> Callers:
        """Who may come in."""
        return self._succession.current.callers

    @property
    def rollouts(self) -> Rollouts:
        """How far those of the routes are."""
        return self._succession.current.rollouts

    @property
    def shadows(self) -> Shadows | None:
        """What sends copies of calls; None where no route wants that."""
        return self._succession.current.shadows

    @property
    def last_reload(self) -> Reloaded | None:
        """What became of the last new settings; None when there were none yet."""
        return self._succession.last

    async def reload(self, settings: Source = None, *, actor: str = "embedder") -> Reloaded:
        """Opens a second engine from new settings beside the one that serves, and lets it take over; None: what the
        source of `open_gateway` says by now. Calls in progress end where they began, streams included; what the new
        settings say of a provider as the old ones did keeps its connections, its keys' health and its breakers.

        Raises SettingsError with all that is wrong, and the old engine goes on.
        """
        return await self._succession.reload(settings, actor)

    def following(self, settings: Source = None) -> AbstractAsyncContextManager[Following]:
        """A reload in two steps, for several processes that change together: the second engine is open for the time of
        an `async with` block, in which it may take over. `reloaded` tells of it. Raises SettingsError."""
        return self._succession.following(settings)

    async def reloaded(self, told: Reloaded, *, noted: bool) -> None:
        """What became of new settings that `following` took; `noted`: the log and the ledger are told too."""
        await self._succession.tell(told, noted=noted)

    async def examine(self, *, call: bool = False, tell: "Tell") -> "Report":
        """Looks at everything that must work before calls do: keys, providers, routes, fallbacks, stores. `call`: each
        provider gets one real, tiny call. `tell` is told what is looked at next."""
        from lockgate.doctor import examine

        with self._succession.current as now:
            return await examine(now, call=call, tell=tell)

    def on_reload(self, hear: Callable[[Reloaded], None]) -> None:
        """Calls `hear` each time that new settings were taken or refused."""
        self._succession.heard.append(hear)

    async def chat(self, request: ChatRequest, *, caller: Caller = NOBODY, timeout: float | None = None) -> ChatAnswer:
        """One whole answer. `caller`: on whose behalf; `timeout` bounds all tries together, in seconds.

        Raises ModelNotFound, Unsupported, EgressDenied, or UpstreamError when no target answers.
        """
        answer = await self._answer(_request(request, stream=False), caller, timeout)
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        return ChatAnswer(answer.reply.view, answer.served, answer.reply.dropped, answer.cost)

    async def rerank(
        self, request: RerankRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> RerankAnswer:
        """Which documents answer a query best. `timeout` bounds all tries together, in seconds.

        Raises as `chat` does; Unsupported also where the provider ranks nothing.
        """
        call = Request(operation="rerank", model=request.model, stream=False, view=request)
        answer = await self._answer(call, caller, timeout)
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
        with self._succession.current:
            answer = await self._answer(_request(request, stream=True), caller, timeout)
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
        answer = await self._answer(call, caller, timeout)
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        return EmbedAnswer(answer.reply.view, answer.served, answer.reply.dropped, answer.cost)

    def explain(self, request: ChatRequest, *, caller: Caller = NOBODY) -> Explanation:
        """What would be done with the request if it came next: who is asked in which order, who is not and why."""
        return self._succession.current.explainer.explain(_request(request, stream=request.stream), caller)

    async def count_tokens(
        self, request: ChatRequest, *, caller: Caller = NOBODY, timeout: float | None = None
    ) -> CountAnswer:
        """How long a request is, as its provider counts; estimated where it does not. Raises as `chat` does."""
        call = Request(operation="count_tokens", model=request.model, stream=False, view=request)
        answer = await self._answer(call, caller, timeout)
        if not isinstance(answer, Answer):
            raise TypeError("a step answered a plain call with a stream")
        count = answer.reply.view
        return CountAnswer(count.input_tokens, count.estimated, answer.served)

    async def _answer(self, request: Request[Any], caller: Caller, timeout: float | None) -> Answer | AnswerStream:
        now = self._succession.current
        now.enter()
        try:
            return await now.engine.answer(request, request_id=new_request_id(), caller=caller, deadline=timeout)
        except LockgateError as error:
            redact.clean(error)
            raise
        finally:
            now.leave()

    def models(self) -> list[ListedModel]:
        """Every name that can be asked for: the routes, and `provider_id/model` of each catalogue."""
        return listed_models(self.settings, self.providers)

    @property
    def bounds(self) -> "Bounds":
        """What clients may take, by the settings."""
        from lockgate.surfaces.bounds import Bounds

        server = self.settings.server
        return Bounds(
            server.max_body_bytes, server.header_timeout, server.body_timeout, server.ping_interval, server.idle_timeout
        )

    def front_door(self, *, loopback: bool = False, instead: "Mapping[Surface, Serve] | None" = None) -> "Entrance":
        """The surfaces, before any server framework. `loopback`: nobody from elsewhere can come in, so that the pages
        for operators need no client key. `instead`: pages in place of the gateway's own."""
        from lockgate.surfaces.entrance import Entrance

        entrance = Entrance(self._succession, loopback=loopback, instead=instead or {})
        self._entrances.add(entrance)
        return entrance

    def _prepare(self, following: Deployment) -> Callable[[], None]:
        changes = [entrance.prepare(following) for entrance in self._entrances]

        def change() -> None:
            for each in changes:
                each()

        return change

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
