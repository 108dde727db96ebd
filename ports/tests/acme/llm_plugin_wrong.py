"""Acme plugins that are wrong in one way each; the kind says which."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from llm_plugin_acme import AcmeSettings, model, origins
from llm_plugin_acme.dialect import AcmeChat, AcmeReader, fields
from msgspec import Struct, structs

from lockgate_ports.auth import HeaderAuth
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Event, Failure, Finish, Start, ToolCallDelta, UsageReport
from lockgate_ports.hooks import BuildContext, ModelFactory, hookimpl
from lockgate_ports.http import Headers, HttpRequest, Origin
from lockgate_ports.http_model import HttpModel, reply_of
from lockgate_ports.model import Attempt, ModelCard, ModelPort, ReplyStream
from lockgate_ports.secret import Secret
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Reply, Request

Call = Request[ChatRequest]


class LaxSettings(Struct, frozen=True):
    """Takes a typo for a setting."""

    base_url: str = "http://acme.test/v1"


class ReaderOf:
    """An event reader whose events are tampered with."""

    def __init__(self, change: Callable[[Event], Sequence[Event]], ending: Sequence[Event] = ()) -> None:
        self._inner = AcmeReader(relay=False)
        self._change = change
        self._ending = ending

    def feed(self, data: bytes) -> Sequence[Event]:
        return [changed for event in self._inner.feed(data) for changed in self._change(event)]

    def end(self) -> Sequence[Event]:
        return [*self._inner.end(), *self._ending]


class Tampered(AcmeChat):
    """Streams that are read in full are tampered with."""

    def __init__(self, reader: Callable[[], EventReader]) -> None:
        self._reader = reader

    def event_reader(self, *, relay: bool) -> EventReader:
        return AcmeReader(relay=True) if relay else self._reader()


def _one_slot(event: Event) -> Sequence[Event]:
    return [structs.replace(event, part=1) if isinstance(event, ToolCallDelta) else event]


def _no_failures(event: Event) -> Sequence[Event]:
    return [] if isinstance(event, Failure) else [event]


def _two_starts(event: Event) -> Sequence[Event]:
    return [event, event] if isinstance(event, Start) else [event]


def _stops(event: Event) -> Sequence[Event]:
    return [structs.replace(event, reason="stop") if isinstance(event, Finish) else event]


class InventedFinish(ReaderOf):
    """Takes the end of the bytes for the end of the answer."""

    def __init__(self) -> None:
        super().__init__(self._seen)
        self._finished = False

    def _seen(self, event: Event) -> Sequence[Event]:
        self._finished = self._finished or isinstance(event, Finish | Failure)
        return [event]

    def end(self) -> Sequence[Event]:
        return [] if self._finished else [Finish("stop")]


class ChunkIsEvent:
    """Takes each chunk for whole events."""

    def feed(self, data: bytes) -> Sequence[Event]:
        reader = AcmeReader(relay=False)
        return [*reader.feed(data), *reader.end()]

    def end(self) -> Sequence[Event]:
        return []


class Hoarder(ReaderOf):
    """Hands nothing on until the end."""

    def __init__(self) -> None:
        super().__init__(lambda event: [event])
        self._kept: list[Event] = []

    def feed(self, data: bytes) -> Sequence[Event]:
        self._kept += super().feed(data)
        return []

    def end(self) -> Sequence[Event]:
        return self._kept


class Free(AcmeChat):
    """Usage that was not reported is 0."""

    def read_response(self, body: bytes) -> ChatResponse:
        answer = super().read_response(body)
        return structs.replace(answer, usage=answer.usage or Usage(input_tokens=0, output_tokens=0))


class Unbounded(AcmeChat):
    """Forgets the token limit."""

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        return super().write_request(structs.replace(view, max_tokens=None), upstream)


class Tidy(AcmeChat):
    """Writes a relayed request anew."""

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream) -> Written:
        told = {name: json.loads(value) for name, value in fields(body).items()} | {"model": upstream.model}
        return self._written(json.dumps(told).encode(), upstream)


class Stopper(AcmeChat):
    """Says that an answer that calls tools has stopped."""

    def read_response(self, body: bytes) -> ChatResponse:
        answer = super().read_response(body)
        return structs.replace(
            answer, choices=tuple(structs.replace(choice, finish_reason="stop") for choice in answer.choices)
        )

    def event_reader(self, *, relay: bool) -> EventReader:
        return AcmeReader(relay=True) if relay else ReaderOf(_stops)


class Sleepy(HeaderAuth, frozen=True):
    """Blocks by sleeping."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        time.sleep(0.01)
        return await super().sign(request, secret)


class Busy(AcmeChat):
    """Blocks by work, while it reads a rate limit."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        until = time.perf_counter() + (0.5 if status == 429 else 0)
        while time.perf_counter() < until:
            pass
        return super().read_error(status, headers, body)


class InQuery(HeaderAuth, frozen=True):
    """Sends the key in the URL as well."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        signed = await super().sign(request, secret)
        key = secret.reveal() if secret else ""
        return structs.replace(signed, target=f"{signed.target}?key={key}")


class Resolver(HeaderAuth, frozen=True):
    """Looks a name up by itself."""

    async def sign(self, request: HttpRequest, secret: Secret | None) -> HttpRequest:
        with suppress(OSError):
            socket.getaddrinfo("127.0.0.1", 80)
        return await super().sign(request, secret)


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


class Leaks(Around):
    """Leaves the response of a streamed call alone when its reader goes away."""

    async def stream(self, request: Call, attempt: Attempt) -> ReplyStream:
        return _Deaf(await super().stream(request, attempt))


class _Deaf:
    def __init__(self, inner: ReplyStream) -> None:
        self._inner = inner
        self.dropped = inner.dropped
        self.request_id = inner.request_id

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


class ZeroStream(ReaderOf):
    """Reports zeros at the end of a stream that reported nothing."""

    def __init__(self) -> None:
        super().__init__(self._seen)
        self._reported = False

    def _seen(self, event: Event) -> Sequence[Event]:
        self._reported = self._reported or isinstance(event, UsageReport)
        return [event]

    def end(self) -> Sequence[Event]:
        return [] if self._reported else [UsageReport(Usage(input_tokens=0, output_tokens=0))]


Build = Callable[[Any, BuildContext], ModelPort]
BUILDS: dict[str, Build] = {
    "lost-tool-index": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(_one_slot))),
    "passed-over-error": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(_no_failures))),
    "two-starts": lambda s, c: model(c, s, Tampered(lambda: ReaderOf(_two_starts))),
    "invented-finish": lambda s, c: model(c, s, Tampered(InventedFinish)),
    "chunk-is-event": lambda s, c: model(c, s, Tampered(ChunkIsEvent)),
    "hoards-words": lambda s, c: model(c, s, Tampered(Hoarder)),
    "zero-usage": lambda s, c: model(c, s, Free()),
    "zero-usage-streamed": lambda s, c: model(c, s, Tampered(ZeroStream)),
    "forgets-limit": lambda s, c: model(c, s, Unbounded()),
    "rewrites-relayed": lambda s, c: model(c, s, Tidy()),
    "wrong-finish-reason": lambda s, c: model(c, s, Stopper()),
    "sleeps": lambda s, c: model(c, s, AcmeChat(), Sleepy()),
    "works-in-loop": lambda s, c: model(c, s, Busy()),
    "key-in-url": lambda s, c: model(c, s, AcmeChat(), InQuery()),
    "wrong-auth-style": lambda s, c: model(c, s, AcmeChat(), HeaderAuth("x-api-key", "")),
    "own-way-out": lambda s, c: model(c, s, AcmeChat(), Resolver()),
    "swallows-rate-limit": lambda s, c: Swallows(model(c, s, AcmeChat()), c),
    "retries": lambda s, c: Retries(model(c, s, AcmeChat()), c),
    "key-in-error": lambda s, c: Tells(model(c, s, AcmeChat()), c),
    "leaks-response": lambda s, c: Leaks(model(c, s, AcmeChat()), c),
    "uncancellable": lambda s, c: Uncancellable(model(c, s, AcmeChat()), c),
}


@hookimpl
def register_models() -> Iterable[ModelFactory[Any]]:
    """One kind for each way to be wrong."""
    cards = (ModelCard(id="acme-1"), ModelCard(id="acme-1"))
    right: Build = lambda s, c: model(c, s, AcmeChat())  # noqa: E731
    return [
        *(
            ModelFactory(kind=kind, settings=AcmeSettings, build=build, origins=origins)
            for kind, build in BUILDS.items()
        ),
        ModelFactory(kind="lax-settings", settings=LaxSettings, build=right, origins=origins),
        ModelFactory(kind="doubled-card", settings=AcmeSettings, build=right, origins=origins, catalogue=cards),
        ModelFactory(kind="hidden-origin", settings=AcmeSettings, build=right, origins=_elsewhere),
    ]


def _elsewhere(settings: AcmeSettings) -> tuple[Origin, ...]:
    return (Origin("https", "elsewhere.test", 443),)
