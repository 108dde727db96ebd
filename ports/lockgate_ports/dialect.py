"""Dialects: wire languages as pure functions on values, no sockets, no clock.

A dialect is one language for one operation. Its surface side faces clients, its provider side faces upstreams; one that
has no clients of its own implements the provider side alone.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.events import Event, ReadEvent
from lockgate_ports.http import NO_HEADERS, NO_PURPOSE, Headers, HttpRequest, Origin, Purpose
from lockgate_ports.payload import Payload
from lockgate_ports.wire import Glance, Inbound, Operation, Request

View = TypeVar("View")
ViewIn = TypeVar("ViewIn", contravariant=True)
AnswerOut = TypeVar("AnswerOut", covariant=True)
AnswerIn = TypeVar("AnswerIn", contravariant=True)

Params = Literal["strict", "drop", "pass"]
"""What becomes of tuning that the provider has no word for: refused, left out and named, or sent all the same."""


class Surface(Struct, frozen=True):
    """A place where a dialect's clients knock: `POST`, `/v1/chat/completions`; `{name}` matches one segment and
    `{name:path}` the rest of the path."""

    method: str
    path: str


class Upstream(Struct, frozen=True):
    """The place a request is written for: one model of one configured provider, for one attempt."""

    provider_id: str
    origin: Origin
    prefix: str
    """The path of the base URL, without a trailing slash."""
    model: str
    """The provider's own name for the model."""
    stream: bool = False
    headers: Headers = ()
    params: Params = "drop"
    purpose: Purpose = NO_PURPOSE


class Written(Struct, frozen=True):
    """A request for an upstream, and the names of the fields that it leaves out. `relays`: the answer may go to a
    client of the same dialect as it comes; it may not where the request asks by other means than the client did."""

    http: HttpRequest
    dropped: tuple[str, ...] = ()
    relays: bool = True


class WrittenAnswer(Struct, frozen=True):
    """A whole answer for a client, and the names of what it leaves out (see `unsaid`)."""

    body: bytes
    dropped: tuple[str, ...] = ()
    content_type: str = "application/json"


class ErrorAnswer(Struct, frozen=True):
    """An error as a client's dialect says it."""

    status: int
    body: bytes
    headers: Headers = ()
    content_type: str = "application/json"


class EventReader(Protocol):
    """Reads one upstream stream, fed as the bytes arrive, split anywhere."""

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes; none for comments and pings, Skipped for what is malformed."""
        ...

    def end(self) -> Sequence[ReadEvent]:
        """The events left when the upstream has closed. It does not judge whether the stream was complete."""
        ...


class EventWriter(Protocol):
    """Writes one stream for a client. What its dialect has no form for is told as `Unsaid` does."""

    content_type: str
    """The media type of the stream."""
    ping: bytes
    """What keeps the connection alive between two events and says nothing; empty where the form has no such thing."""

    def write(self, events: Sequence[Event]) -> bytes:
        """What these events look like on the wire; may be empty."""
        ...

    def end(self) -> bytes:
        """What closes a stream that is complete."""
        ...

    def fail(self, error: LockgateError) -> bytes:
        """What closes a stream that is not: an error event, and no mark of success. Raises ConnectionAbortedError where
        the form has no word for it, so that the client's connection is cut."""
        ...


class Dialect(Protocol):
    """What both sides have."""

    name: str
    operation: Operation


class ProviderDialect(Dialect, Protocol[ViewIn, AnswerOut]):
    """The side that faces upstreams, for whole answers."""

    def write_request(self, view: ViewIn, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field, for content the language cannot say."""
        ...

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """From bytes of this very dialect: all that they say, with only what must change patched in place. `wire` is
        what its surface has decoded them into, where they came by one: they need not be decoded again."""
        ...

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Partial decode of a whole answer. `headers` are those it came with, looked up without regard to case: some
        providers tell usage there. Raises UpstreamError when it is none, or holds an error."""
        ...

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> AnswerOut:
        """The canonical answer. Raises UpstreamError as `glance` does."""
        ...

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape: JSON, HTML, text, nothing."""
        ...


class ChatProviderDialect(ProviderDialect[ChatRequest, ChatResponse], Protocol):
    """The side that faces upstreams, for chat: it streams too."""

    event_content_type: str
    """The media type of its streams (`text/event-stream`)."""

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream. `relay`: events go on as `Relayed`, for a client of this very dialect."""
        ...


class SurfaceDialect(Dialect, Protocol[View, AnswerIn]):
    """The side that faces clients, for whole answers."""

    surfaces: tuple[Surface, ...]

    def read_request(self, inbound: Inbound) -> Request[View]:
        """Checks the shape of the whole body; decodes only what routing needs. Raises CallerError, naming the field."""
        ...

    def write_response(self, answer: AnswerIn, request: Request[View]) -> WrittenAnswer:
        """A whole answer, in the form that `request` asked for."""
        ...

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """An error in the envelope and with the status that make this dialect's SDKs raise the right exception."""
        ...


@runtime_checkable
class ChatSurfaceDialect(SurfaceDialect[ChatRequest, ChatResponse], Protocol):
    """The side that faces clients, for chat: it streams too."""

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream. A `Relayed` event that is only usage is left out where the client did not ask for it."""
        ...


@runtime_checkable
class IdentifiedDialect(Protocol):
    """A surface whose clients look for the id of a call elsewhere than in `x-request-id`, which every answer has."""

    request_id_field: str
    """The header field: it has the provider's own id, or the gateway's where the provider gives none."""


@runtime_checkable
class PassedDialect(Dialect, Protocol):
    """A language that is handed on as it is, both sides of it: for what has no canonical view (sound, pictures)."""

    surfaces: tuple[Surface, ...]
    media_types: tuple[str, ...]
    """Of requests: `application/json`, `multipart/form-data`."""

    def write_request(self, view: Payload, upstream: Upstream) -> Written:
        """The same bytes but for the model."""
        ...

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same; `headers` hold the `content-type`."""
        ...

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage, where a whole answer tells them. Raises UpstreamError when it holds an error."""
        ...

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        ...

    def event_reader(self, request: Request[Payload], content_type: str) -> EventReader:
        """For a stream of this media type. Raises UpstreamError when it is none that the request asks for."""
        ...

    def read_request(self, inbound: Inbound) -> Request[Payload]:
        """Finds the model, and whether to stream. Raises CallerError, naming the field."""
        ...

    def write_response(self, answer: Payload, request: Request[Payload]) -> WrittenAnswer:
        """As it came."""
        ...

    def event_writer(self, request: Request[Payload]) -> EventWriter:
        """For one stream."""
        ...

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """An error in the envelope of these clients."""
        ...


class ListedModel(Struct, frozen=True):
    """A name that clients may ask for, and who answers to it. `created` is seconds since 1970; the limits are in
    tokens, None where they are not known."""

    id: str
    owned_by: str
    created: int
    context_tokens: int | None = None
    max_output_tokens: int | None = None


@runtime_checkable
class CatalogueDialect(Protocol):
    """How one family of clients asks which models there are."""

    name: str
    marks: tuple[str, ...]
    """Header fields, one of which its clients send: they are told by it from others who ask at the same path. Empty:
    it answers whoever is not told by a mark."""
    list_surfaces: tuple[Surface, ...]
    item_surfaces: tuple[Surface, ...]
    """Their paths hold `{id:path}`, since ids hold slashes."""

    def write_list(self, models: Sequence[ListedModel], query: Mapping[str, str]) -> bytes:
        """All of them, or the page that `query` asks for. Raises InvalidRequest."""
        ...

    def write_item(self, model: ListedModel) -> bytes:
        """One of them."""
        ...

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """An error in the envelope of these clients."""
        ...
