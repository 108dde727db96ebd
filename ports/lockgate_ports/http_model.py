"""HttpModel: the ModelPort of every provider that is reached by HTTP. Encode, send, classify, decode."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import ChatProviderDialect, PassedDialect, ProviderDialect
from lockgate_ports.discovery import ask_through
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.free_text import as_functions, told_in_functions
from lockgate_ports.http import Headers, HttpPort, HttpRequest, HttpResponse
from lockgate_ports.http_answers import HttpStream, ToldStream, media_type, request_id_of, told_as
from lockgate_ports.http_endpoint import Endpoint
from lockgate_ports.model import Attempt, ReplyStream, lists_no_models, offers_no
from lockgate_ports.model_lists import ModelList
from lockgate_ports.parts import user
from lockgate_ports.payload import Payload
from lockgate_ports.reach import Reach, shown_by
from lockgate_ports.replies import glance_chat, glance_count, glance_embeddings, glance_rerank
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.secret import Secret
from lockgate_ports.telling import event_reader
from lockgate_ports.unfold import unfold
from lockgate_ports.wire import Glance, Operation, Reply, Request

View = TypeVar("View")
AnswerT = TypeVar("AnswerT")
Speech = TypeVar("Speech")

_NO_SUCH_PLACE = (404, 405, 501)


class Languages(Struct, frozen=True, kw_only=True):
    """What a provider is spoken to in, by operation; None where it has no such thing. `also` are further languages it
    has for chat: a client of one of them is served in it, everybody else in `chat`."""

    chat: ChatProviderDialect | None = None
    also: tuple[ChatProviderDialect, ...] = ()
    embeddings: ProviderDialect[EmbedRequest, EmbedResponse] | None = None
    rerank: ProviderDialect[RerankRequest, RerankResponse] | None = None
    count_tokens: ProviderDialect[ChatRequest, TokenCount] | None = None
    models: ModelList | None = None
    passed: tuple[PassedDialect, ...] = ()
    """What is handed on to it as it is."""
    free_text: tuple[str, ...] = ()
    """Those of its languages in which tools may take free text. In others a function stands for such a tool."""


class HttpModel:
    """Languages at an endpoint, through one HttpPort."""

    def __init__(
        self,
        provider_id: str,
        languages: Languages,
        endpoint: Endpoint,
        http: HttpPort,
        models: Sequence[ModelCard] = (),
    ) -> None:
        self._provider_id = provider_id
        self._languages = languages
        self._reach = Reach(provider_id, endpoint, http)
        self._models = tuple(models)
        chats = (languages.chat, *reversed(languages.also))
        self._own: dict[str | None, ChatProviderDialect] = {each.name: each for each in chats if each is not None}

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The catalogue."""
        return self._models

    async def open(self) -> None:
        """Nothing to load."""

    async def chat(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[ChatResponse]:
        """One whole answer; in the client's own dialect its bytes are kept as they came."""
        return await self._answer(self._chat_in(request), request, attempt, glance_chat)

    async def embed(self, request: Request[EmbedRequest], attempt: Attempt) -> Reply[EmbedResponse]:
        """Vectors. Raises NotOffered where the provider makes none."""
        return await self._answer(self._languages.embeddings, request, attempt, glance_embeddings)

    async def rerank(self, request: Request[RerankRequest], attempt: Attempt) -> Reply[RerankResponse]:
        """Documents by relevance. Raises NotOffered where the provider ranks none."""
        return await self._answer(self._languages.rerank, request, attempt, glance_rerank)

    async def count_tokens(self, request: Request[ChatRequest], attempt: Attempt) -> Reply[TokenCount]:
        """How long a request is. Raises NotOffered where the provider does not count, as many do not that speak the
        language of one that does."""
        language = self._languages.count_tokens
        if language is not None and language.name not in (request.dialect, *self._languages.free_text):
            request = request.edited(as_functions(request.view, lambda _: None))
        try:
            return await self._answer(language, request, attempt, glance_count)
        except UpstreamError as error:
            if error.upstream_status in _NO_SUCH_PLACE:
                raise offers_no(request.operation, self._provider_id) from error
            raise

    async def pass_on(self, request: Request[Payload], attempt: Attempt) -> Reply[Payload]:
        """As it came, both ways. Raises NotOffered where the provider does not have the client's dialect."""
        dialect = self._speaks(self._passed_in(request), request)
        shown = shown_by(attempt)
        try:
            written = self._reach.written(dialect, request, attempt, stream=False)
            response = await self._reach.send(dialect, written.http, attempt, shown, request.returning)
            try:
                if media_type(response) == "text/html":
                    raise _web_page(response.status)
                body = await response.read(self._reach.response_limit)
            finally:
                response.abort()
            payload = Payload(body, response.headers.get("content-type", "application/json"))
            return Reply(
                dialect.glance(body, response.headers),
                made=payload,
                dropped=written.dropped,
                request_id=request_id_of(response, shown),
                headers=_returned(request, response, shown),
            )
        except UpstreamError as error:
            raise told_as(self._provider_id, error, shown) from error.__cause__

    async def stream(self, request: Request[Any], attempt: Attempt) -> ReplyStream:
        """Opens the stream; in the client's own dialect its events are kept as they came."""
        if request.operation != "chat":
            return await self._pass_stream_on(request, attempt)
        dialect = self._speaks(self._chat_in(request), request)
        shown = shown_by(attempt)
        try:
            written = self._reach.written(dialect, request, attempt, stream=True)
            response = await self._reach.send(dialect, written.http, attempt, shown, request.returning)
            kind = media_type(response)
            if kind == "text/html":
                response.abort()
                raise _web_page(response.status)
            if kind == "application/json" != dialect.event_content_type:
                try:
                    body = await response.read(self._reach.response_limit)
                finally:
                    response.abort()
                events = unfold(dialect.read_response(body, response.headers))
                return ToldStream(events, written.dropped, request_id_of(response, shown))
        except UpstreamError as error:
            raise told_as(self._provider_id, error, shown) from error.__cause__
        relay = written.relays and request.relay_reply and request.dialect == dialect.name
        reader = event_reader(dialect, relay=relay, tell=request.tell_reply)
        returning = request.returning if relay else None
        return HttpStream(response, reader, written.dropped, self._provider_id, shown, returning)

    async def discover(self, attempt: Attempt) -> tuple[ModelCard, ...]:
        """What the provider's own list says. Raises Unsupported where there is none."""
        languages = self._languages
        errors = languages.chat or languages.embeddings or languages.rerank
        if languages.models is None or errors is None:
            raise lists_no_models(self._provider_id)
        shown = shown_by(attempt)

        async def send(request: HttpRequest) -> HttpResponse:
            return await self._reach.send(errors, request, attempt, shown)

        try:
            asking = languages.models.ask(self._reach.upstream(attempt, stream=False))
            return await ask_through(asking, send, self._reach.response_limit)
        except UpstreamError as error:
            raise told_as(self._provider_id, error, shown) from error.__cause__

    async def probe(self, attempt: Attempt) -> None:
        """The smallest call of what the provider has: one token, one vector, or one document to rank. A model that it
        does not know for one of these is tried at the next; when none works, the first error counts."""
        first: UpstreamError | None = None
        for call in self._smallest(attempt):
            try:
                await call()
                return
            except UpstreamError as error:
                if error.kind not in ("not_found", "invalid_request"):
                    raise
                first = first or error
        raise first or offers_no("chat", self._provider_id)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._reach.aclose()

    async def _pass_stream_on(self, request: Request[Payload], attempt: Attempt) -> ReplyStream:
        dialect = self._speaks(self._passed_in(request), request)
        shown = shown_by(attempt)
        try:
            written = self._reach.written(dialect, request, attempt, stream=True)
            response = await self._reach.send(dialect, written.http, attempt, shown, request.returning)
            try:
                reader = dialect.event_reader(request, media_type(response))
            except UpstreamError:
                response.abort()
                raise
        except UpstreamError as error:
            raise told_as(self._provider_id, error, shown) from error.__cause__
        return HttpStream(response, reader, written.dropped, self._provider_id, shown, request.returning)

    def _passed_in(self, request: Request[Payload]) -> PassedDialect | None:
        return next((each for each in self._languages.passed if each.name == request.dialect), None)

    def _smallest(self, attempt: Attempt) -> list[Callable[[], Awaitable[Any]]]:
        languages, model = self._languages, attempt.model
        calls: list[Callable[[], Awaitable[Any]]] = []
        if languages.chat is not None:
            chat = ChatRequest(model=model, messages=(user("ping"),), max_tokens=1)
            calls.append(lambda: self.chat(_asked("chat", model, chat), attempt))
        if languages.embeddings is not None:
            embed = EmbedRequest(model=model, inputs=("ping",))
            calls.append(lambda: self.embed(_asked("embeddings", model, embed), attempt))
        if languages.rerank is not None:
            rerank = RerankRequest(model=model, query="ping", documents=("ping",))
            calls.append(lambda: self.rerank(_asked("rerank", model, rerank), attempt))
        return calls

    async def _answer(
        self,
        language: ProviderDialect[View, AnswerT] | None,
        request: Request[View],
        attempt: Attempt,
        glance_at: Callable[[AnswerT], Glance],
    ) -> Reply[AnswerT]:
        dialect = self._speaks(language, request)
        shown = shown_by(attempt)
        try:
            written = self._reach.written(dialect, request, attempt, stream=False)
            response = await self._reach.send(dialect, written.http, attempt, shown, request.returning)
            try:
                body = await response.read(self._reach.response_limit)
            finally:
                response.abort()
            request_id = request_id_of(response, shown)
            headers = response.headers
            if written.relays and request.relay_reply and request.dialect == dialect.name:
                return Reply(
                    dialect.glance(body, headers),
                    dialect.name,
                    body,
                    written.dropped,
                    request_id,
                    () if request.returning is None else request.returning.of(headers, shown),
                    partial(_read, self._provider_id, dialect, body, headers, shown),
                )
            view = dialect.read_response(body, headers)
            return Reply(glance_at(view), made=view, dropped=written.dropped, request_id=request_id)
        except UpstreamError as error:
            raise told_as(self._provider_id, error, shown) from error.__cause__

    def _chat_in(self, request: Request[ChatRequest]) -> ChatProviderDialect | None:
        """The client's own language where the provider has it: less is translated, nothing is lost."""
        own = self._own.get(request.dialect)
        if own is not None:
            return own
        chat = self._languages.chat
        if chat is None or chat.name in self._languages.free_text:
            return chat
        return told_in_functions(chat, request.view)

    def _speaks(self, language: Speech | None, request: Request[Any]) -> Speech:
        if language is None:
            raise offers_no(request.operation, self._provider_id)
        return language


def _read(
    provider_id: str,
    dialect: ProviderDialect[Any, AnswerT],
    body: bytes,
    headers: Mapping[str, str],
    shown: Sequence[Secret],
) -> AnswerT:
    try:
        return dialect.read_response(body, headers)
    except UpstreamError as error:
        raise told_as(provider_id, error, shown) from error.__cause__


def _asked(operation: Operation, model: str, view: View) -> Request[View]:
    return Request(operation=operation, model=model, stream=False, view=view)


def _returned(request: Request[Any], response: HttpResponse, shown: list[Secret]) -> Headers:
    return () if request.returning is None else request.returning.of(response.headers, shown)


def _web_page(status: int) -> UpstreamError:
    message = "answered with a web page where an answer was due; check base_url"
    return UpstreamError(message, kind="fatal", upstream_status=status)
