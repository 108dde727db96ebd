"""HttpModel: the ModelPort of every provider that is reached by HTTP. Encode, send, classify, decode."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from msgspec import Struct

from lockgate_ports.auth import Auth
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import Params, ProviderDialect, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure
from lockgate_ports.http import Headers, HttpPort, HttpResponse, Origin
from lockgate_ports.model import Attempt, ModelCard, ReplyStream
from lockgate_ports.parts import user
from lockgate_ports.secret import Secret
from lockgate_ports.wire import Glance, Reply, Request

_ERROR_LIMIT = 256 * 1024
_REQUEST_IDS = ("x-request-id", "request-id", "x-amzn-requestid", "apim-request-id", "cf-ray")


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a provider stands and how it wants to be asked. `response_limit` is in bytes, of one whole answer."""

    origin: Origin
    prefix: str
    auth: Auth
    headers: Headers = ()
    params: Params = "drop"
    response_limit: int = 20 * 1024 * 1024


class HttpModel:
    """A dialect at an endpoint, through one HttpPort."""

    def __init__(
        self,
        provider_id: str,
        chat: ProviderDialect[ChatRequest, ChatResponse],
        endpoint: Endpoint,
        http: HttpPort,
        models: Sequence[ModelCard] = (),
    ) -> None:
        self._provider_id = provider_id
        self._chat = chat
        self._endpoint = endpoint
        self._http = http
        self._models = tuple(models)

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The catalogue."""
        return self._models

    async def open(self) -> None:
        """Nothing to load."""

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer; in the client's own dialect its bytes are kept as they came."""
        dialect = self._chat
        try:
            response, dropped = await self._ask(request, attempt, stream=False)
            try:
                body = await response.read(self._endpoint.response_limit)
            finally:
                response.abort()
            request_id = _request_id(response)
            if request.relay_reply and request.dialect == dialect.name:
                return Reply(
                    dialect.glance(body),
                    dialect=dialect.name,
                    body=body,
                    read=lambda: self._read(body, attempt.secret),
                    dropped=dropped,
                    request_id=request_id,
                )
            return reply_of(dialect.read_response(body), dropped, request_id)
        except UpstreamError as error:
            raise self._named(error, attempt.secret) from error.__cause__

    async def stream(self, request: Request[ChatRequest], attempt: Attempt) -> ReplyStream:
        """Opens the stream; in the client's own dialect its events are kept as they came."""
        dialect = self._chat
        try:
            response, dropped = await self._ask(request, attempt, stream=True)
            media_type = _media_type(response)
            if media_type == "text/html":
                response.abort()
                raise UpstreamError(
                    f"answered with a web page where a stream of {dialect.event_content_type} was due; check base_url",
                    kind="fatal",
                    upstream_status=response.status,
                )
            if media_type == "application/json" != dialect.event_content_type:
                try:
                    body = await response.read(self._endpoint.response_limit)
                finally:
                    response.abort()
                events = dialect.events_of(dialect.read_response(body))
                return _Whole(events, dropped, _request_id(response))
        except UpstreamError as error:
            raise self._named(error, attempt.secret) from error.__cause__
        relay = request.relay_reply and request.dialect == dialect.name
        return _Stream(self, response, dialect.event_reader(relay=relay), dropped, attempt.secret)

    async def probe(self, attempt: Attempt) -> None:
        """Asks `attempt.model` for one token."""
        view = ChatRequest(model=attempt.model, messages=(user("ping"),), max_tokens=1)
        await self.chat(Request(operation="chat", model=attempt.model, stream=False, view=view), attempt)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def _ask(
        self, request: Request[ChatRequest], attempt: Attempt, *, stream: bool
    ) -> tuple[HttpResponse, tuple[str, ...]]:
        endpoint = self._endpoint
        upstream = Upstream(
            provider_id=self._provider_id,
            origin=endpoint.origin,
            prefix=endpoint.prefix,
            model=attempt.model,
            stream=stream,
            headers=endpoint.headers,
            params=endpoint.params,
            purpose=attempt.purpose,
        )
        written = _write(self._chat, request, upstream)
        response = await self._http.send(await endpoint.auth.sign(written.http, attempt.secret))
        if 200 <= response.status < 300 and response.status != 204:
            return response, written.dropped
        try:
            raise await self._refusal(response)
        finally:
            response.abort()

    async def _refusal(self, response: HttpResponse) -> UpstreamError:
        status = response.status
        if 300 <= status < 400:
            return UpstreamError(
                f"answered with a redirect ({status}), which is not followed; set base_url to the final address",
                kind="fatal",
                upstream_status=status,
            )
        if not 400 <= status < 600:
            return UpstreamError(
                f"answered with status {status} and no answer", kind="transient", upstream_status=status
            )
        try:
            body = await response.read(_ERROR_LIMIT)
        except UpstreamError:
            body = b""
        error = self._chat.read_error(status, response.headers, body)
        error.upstream_request_id = error.upstream_request_id or _request_id(response)
        return error

    def _read(self, body: bytes, secret: Secret | None) -> ChatResponse:
        try:
            return self._chat.read_response(body)
        except UpstreamError as error:
            raise self._named(error, secret) from error.__cause__

    def _named(self, error: UpstreamError, secret: Secret | None) -> UpstreamError:
        """The same error, told as this provider's and without a trace of the key."""
        hide = secret.redact if secret is not None else str
        if not error.provider_id:
            error.provider_id = self._provider_id
            error.message = f"{self._provider_id}: {error.message}"
        error.message = hide(error.message)
        error.args = (error.message,)  # the repr shows them
        if error.upstream_message is not None:
            error.upstream_message = hide(error.upstream_message)
        if error.upstream_code is not None:
            error.upstream_code = hide(error.upstream_code)
        if error.param is not None:
            error.param = hide(error.param)
        if error.body is not None and secret is not None:
            error.body = hide(error.body.decode("utf-8", "replace")).encode()
        return error


class _Stream:
    """The events of one response, as they arrive."""

    def __init__(
        self, model: HttpModel, response: HttpResponse, reader: Any, dropped: tuple[str, ...], secret: Secret | None
    ) -> None:
        self._model = model
        self._response = response
        self._reader = reader
        self._secret = secret
        self.dropped = dropped
        self.request_id = _request_id(response)

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        try:
            async for chunk in self._response.chunks():
                yield self._told(self._reader.feed(chunk))
            yield self._told(self._reader.end())
        except UpstreamError as error:
            raise self._model._named(error, self._secret) from error.__cause__  # pyright: ignore[reportPrivateUsage]
        finally:
            self._response.abort()

    def _told(self, events: Sequence[Event]) -> Sequence[Event]:
        for event in events:
            if isinstance(event, Failure) and isinstance(event.error, UpstreamError):
                self._model._named(event.error, self._secret)  # pyright: ignore[reportPrivateUsage]
        return events

    async def aclose(self) -> None:
        self._response.abort()


class _Whole:
    """A whole answer, told as a stream."""

    def __init__(self, events: Sequence[Event], dropped: tuple[str, ...], request_id: str | None) -> None:
        self._events = events
        self.dropped = dropped
        self.request_id = request_id

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        yield self._events

    async def aclose(self) -> None:
        """Nothing is open."""


def reply_of(view: ChatResponse, dropped: tuple[str, ...] = (), request_id: str | None = None) -> Reply[ChatResponse]:
    """A Reply around a canonical answer."""
    glance = Glance(view.model, view.usage, tuple(choice.finish_reason for choice in view.choices))
    return Reply(glance, view=view, dropped=dropped, request_id=request_id)


def _write(
    dialect: ProviderDialect[ChatRequest, ChatResponse], request: Request[ChatRequest], upstream: Upstream
) -> Written:
    if request.body is not None and request.dialect == dialect.name:
        return dialect.relay_request(request.body, request.headers, upstream)
    return dialect.write_request(request.view, upstream)


def _media_type(response: HttpResponse) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _request_id(response: HttpResponse) -> str | None:
    for name in _REQUEST_IDS:
        if value := response.headers.get(name):
            return value
    return None
