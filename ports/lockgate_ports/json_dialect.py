"""JsonDialect: the side that faces a provider whose language is one POST of a JSON object, answered by another."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Raw

from lockgate_ports.carried import MEMBERS
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, post, with_model
from lockgate_ports.status_errors import StatusErrors
from lockgate_ports.wire import Glance, Operation

AnswerT = TypeVar("AnswerT", covariant=True)


class _View(Protocol):
    """A canonical request, as EmbedRequest and RerankRequest are."""

    @property
    def extra(self) -> Mapping[str, Raw]: ...

    @property
    def native(self) -> str | None: ...


ViewT = TypeVar("ViewT", bound=_View, contravariant=True)


class Answers(Protocol[AnswerT]):
    """What reads the answers, as VectorAnswers and RankingAnswers do. Both raise UpstreamError."""

    @property
    def dialect(self) -> str:
        """The name of the language."""
        ...

    @property
    def errors(self) -> StatusErrors:
        """What reads its errors."""
        ...

    def read(self, body: bytes) -> AnswerT:
        """The canonical answer."""
        ...

    def glance(self, body: bytes) -> Glance:
        """Model and usage."""
        ...


class JsonDialect(Generic[ViewT, AnswerT]):
    """A ProviderDialect for whole answers, put together of what is a provider's own.

    `content` writes what the call is about, and raises Unsupported for what the provider cannot be told. `words` are
    its names for tuning, by the attribute of the view; `lacks` the names by which tuning is told that it has no word
    for; `also` its own fields that clients of any dialect may add. `path` may depend on the names of a request's
    members.
    """

    def __init__(
        self,
        operation: Operation,
        path: str | Callable[[Collection[str]], str],
        content: Callable[[ViewT, Draft], dict[str, Any]],
        answers: Answers[AnswerT],
        *,
        words: Mapping[str, str],
        lacks: Mapping[str, str],
        also: tuple[str, ...] = (),
    ) -> None:
        self.name = answers.dialect
        self.operation: Operation = operation
        self._path = path
        self._content = content
        self._answers = answers
        self._words = words
        self._lacks = lacks
        self._also = also

    def write_request(self, view: ViewT, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields: dict[str, Any] = {"model": upstream.model, **self._content(view, draft)}
        for attribute, name in self._words.items():
            if (value := getattr(view, attribute)) is not None:
                fields[name] = value
        for attribute, name in self._lacks.items():
            if (value := getattr(view, attribute)) is not None and draft.admits(name):
                fields[name] = value
        own = view.native == self.name
        fields |= {name: raw for name, raw in view.extra.items() if own or name in self._also or draft.admits(name)}
        path = self._path if isinstance(self._path, str) else self._path(fields)
        return Written(post(path, encode(fields), upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        named = with_model(body, upstream)
        path = self._path if isinstance(self._path, str) else self._path(MEMBERS.decode(body))
        return Written(post(path, named, upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        return self._answers.glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> AnswerT:
        """The canonical answer. Raises UpstreamError."""
        return self._answers.read(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return self._answers.errors.read(status, headers, body, self.name)
