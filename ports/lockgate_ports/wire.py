"""Requests and replies that remember the bytes they came in; their canonical view is decoded on first use."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from lockgate_ports.chat import FinishReason
from lockgate_ports.http import Headers
from lockgate_ports.travelling import Returning
from lockgate_ports.usage import Usage

View = TypeVar("View")

Operation = Literal["chat", "embeddings", "rerank", "count_tokens", "moderations", "audio", "images"]
"""What is asked of a model; each dialect is a language for one of these. The last three have no canonical view: they
are handed on to a provider of the client's own dialect."""


class Inbound(Struct, frozen=True):
    """What a client sent to a surface. `query` and `headers` hold the last value of each name, header names in
    lower case; `path_values` what the surface's path pattern matched.

    Its repr leaves out query, headers and body: keys and prompts travel in them."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, str] = {}
    path_values: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Inbound({self.method} {self.path})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("method", self.method), ("path", self.path)]


class Request(Generic[View]):
    """One call on its way in. `body` is what the client sent in `dialect`; None once a step has edited the view."""

    __slots__ = (
        "_read",
        "_view",
        "asked_at",
        "body",
        "dialect",
        "headers",
        "model",
        "operation",
        "plain",
        "relay_reply",
        "returning",
        "stream",
        "tag",
        "tell_reply",
        "wants_usage",
        "wire",
    )

    def __init__(
        self,
        operation: Operation,
        model: str,
        stream: bool,
        dialect: str | None = None,
        body: bytes | None = None,
        headers: Headers = (),
        returning: Returning | None = None,
        wants_usage: bool = True,
        read: Callable[[], View] | None = None,
        view: View | None = None,
        wire: object = None,
        plain: bool = False,
    ) -> None:
        self.operation: Operation = operation
        self.model = model
        """The name the client asked for."""
        self.stream = stream
        self.dialect = dialect
        """The language the client speaks and wants its answer in; None for an embedder."""
        self.body = body
        self.headers = headers
        """The client's header fields that belong to its dialect and may travel to a provider of the same."""
        self.returning = returning
        """Which of such a provider's header fields come back with its own words; None: none do."""
        self.relay_reply = dialect is not None
        """The reply may go back in the provider's own bytes when the dialects agree."""
        self.tell_reply = False
        """What is relayed of a stream is read as well, for whoever keeps what it says: `Relayed.told`."""
        self.wire = wire
        """What the client's dialect has decoded `body` into; of use to that dialect alone."""
        self.plain = plain
        """There is nothing in `body` but words and settings: no member that its dialect does not know, and nothing that
        was signed, sealed, cached or kept before, for which all of it had to be searched."""
        self.wants_usage = wants_usage
        """The client wants usage at the end of a stream; its dialect may leave that to the client."""
        self.tag = "lockgate"
        """Tells the answer from others where the provider gives it no id: clients may know their messages by it."""
        self.asked_at = 0
        """When it came, in seconds since 1970; 0 where nobody said."""
        self._read = read
        self._view = view

    @property
    def view(self) -> View:
        """The canonical request. Raises InvalidRequest, naming the field."""
        if self._view is None:
            if self._read is None:
                raise TypeError("a Request needs a view or a way to read one")
            self._view = self._read()
        return self._view

    def asking(self, model: str) -> "Request[View]":
        """The same call for another name of a model; its bytes count as before."""
        made = Request(
            operation=self.operation,
            model=model,
            stream=self.stream,
            dialect=self.dialect,
            body=self.body,
            headers=self.headers,
            returning=self.returning,
            read=self._read,
            view=self._view,
            wants_usage=self.wants_usage,
            wire=self.wire,
            plain=self.plain,
        )
        made.relay_reply = self.relay_reply
        made.tell_reply = self.tell_reply
        return made

    def edited(self, view: View) -> "Request[View]":
        """The same call with another view; its bytes no longer count."""
        return Request(
            operation=self.operation,
            model=self.model,
            stream=self.stream,
            dialect=self.dialect,
            headers=self.headers,
            returning=self.returning,
            view=view,
            wants_usage=self.wants_usage,
        )


class Glance(Struct, frozen=True):
    """What a partial decode of a whole answer tells."""

    model: str | None = None
    usage: Usage | None = None
    finish_reasons: tuple[FinishReason | None, ...] = ()
    estimated: bool = False
    """What is told was guessed: nobody counted."""


class Reply(Struct, Generic[View], eq=False):
    """One whole answer on its way back: the provider's bytes in `dialect`, or a view, or both. `read` makes the view of
    an answer where it was not `made` already.

    Its repr leaves out all that was said."""

    glance: Glance
    dialect: str | None = None
    body: bytes | None = None
    """The bytes to hand on when the client speaks `dialect`; None when the view must be written."""
    dropped: tuple[str, ...] = ()
    """Fields of the request that only advise and that the provider has no word for."""
    request_id: str | None = None
    """The provider's id for the call."""
    headers: Headers = ()
    """The provider's header fields that go to the client with its bytes."""
    read: Callable[[], View] | None = None
    made: View | None = None

    @property
    def view(self) -> View:
        """The canonical answer. Raises UpstreamError when the provider's bytes make no sense."""
        if self.made is None:
            if self.read is None:
                raise TypeError("a Reply needs a view or a way to read one")
            self.made = self.read()
        return self.made

    def __repr__(self) -> str:
        return f"Reply({self.dialect!r}, {self.request_id!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("dialect", self.dialect), ("request_id", self.request_id)]
