"""ModelPorts that are wrong in one way each."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from llm_plugin_acme.dialect import AcmeChat

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event
from lockgate_ports.hooks import BuildContext
from lockgate_ports.http import Origin
from lockgate_ports.http_model import HttpModel
from lockgate_ports.model import Attempt, ReplyStream
from lockgate_ports.replies import reply_of
from lockgate_ports.wire import Reply, Request

Call = Request[ChatRequest]


class Around:
    """A ModelPort around another one."""

    def __init__(self, inner: HttpModel, context: BuildContext) -> None:
        self._inner = inner
        self._http = context.http

    @property
    def models(self) -> tuple[ModelCard, ...]:
        return self._inner.models

    async def open(self) -> None:
        await self._inner.open()

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        return await self._inner.chat(request, attempt)

    async def stream(self, request: Call, attempt: Attempt) -> ReplyStream:
        return await self._inner.stream(request, attempt)

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        return await self._inner.discover(attempt)

    async def probe(self, attempt: Attempt) -> None:
        await self._inner.probe(attempt)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Swallows(Around):
    """Makes an empty answer of a rate limit."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        try:
            return await super().chat(request, attempt)
        except UpstreamError as error:
            if error.kind != "rate_limit":
                raise
            return reply_of(ChatResponse(choices=()))


class KeepsOpen(Around):
    """Closes nothing."""

    async def aclose(self) -> None:
        return


class Hides(Around):
    """Shows none of its models, and makes an empty list of a refusal to tell."""

    @property
    def models(self) -> tuple[ModelCard, ...]:
        return ()

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        return ()


class Curious(Around):
    """Decodes every request, whether it must or not."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        assert request.view.messages
        return await super().chat(request, attempt)


class Retries(Around):
    """Asks again by itself."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        try:
            return await super().chat(request, attempt)
        except UpstreamError as error:
            if error.kind != "rate_limit":
                raise
            return await super().chat(request, attempt)


class Tells(Around):
    """Puts the key into its error."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        try:
            return await super().chat(request, attempt)
        except UpstreamError as error:
            if error.kind == "auth" and attempt.secret:
                error.upstream_message = f"the key {attempt.secret.reveal()} was refused"
            raise


class Abandons(Around):
    """Looks at the status by itself, and leaves the response of a refusal alone."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        upstream = Upstream(provider_id="acme", origin=Origin("http", "acme.test", 80), prefix="/v1", model="acme-1")
        response = await self._http.send(AcmeChat().write_request(request.view, upstream).http)
        if response.status != 200:
            raise UpstreamError("refused", kind="transient", provider_id="acme")
        return reply_of(AcmeChat().read_response(await response.read(1000)))


class Leaks(Around):
    """Leaves the response of a streamed call alone when its reader goes away."""

    async def stream(self, request: Call, attempt: Attempt) -> ReplyStream:
        return _Deaf(await super().stream(request, attempt))


class _Deaf:
    def __init__(self, inner: ReplyStream) -> None:
        self._inner = inner
        self.dropped = inner.dropped
        self.request_id = inner.request_id
        self.headers = inner.headers

    def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        return self._inner.__aiter__()

    async def aclose(self) -> None:
        """Closes nothing."""


class Uncancellable(Around):
    """Takes its cancellation for a timeout."""

    async def chat(self, request: Call, attempt: Attempt) -> Reply[ChatResponse]:
        try:
            return await super().chat(request, attempt)
        except asyncio.CancelledError:
            raise UpstreamError("no answer in time", kind="timeout", provider_id="acme") from None
