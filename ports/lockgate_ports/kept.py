"""Answers that clients may refer to later: KeptAnswersPort, and what a dialect with such clients knows of them."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from msgspec import Struct

from lockgate_ports.chat import ChatRequest
from lockgate_ports.context import Target
from lockgate_ports.dialect import Surface
from lockgate_ports.wire import Request


class KeptAnswer(Struct, frozen=True, kw_only=True):
    """One answer in its client's dialect. Prompts stand in it: nobody but `caller` may ever be given it."""

    id: str
    caller: str
    """Who asked, as an opaque word."""
    created: float
    """Seconds since 1970."""
    model: str
    """The name that was asked for."""
    holder: Target | None
    """Who keeps the answer too, under the same id, and can go on from it."""
    given: bytes
    """A JSON array: all that the answer was made from, earlier turns included."""
    body: bytes
    """The whole answer."""


class KeptAnswersPort(Protocol):
    """Where answers are kept, within bounds: an old one may be gone. Raises SettingsError when it cannot work."""

    async def keep(self, answer: KeptAnswer) -> None:
        """Keep it, in place of one of the same caller and id."""
        ...

    async def find(self, caller: str, answer_id: str) -> KeptAnswer | None:
        """The caller's own, or None."""
        ...

    async def forget(self, caller: str, answer_id: str) -> bool:
        """Whether there was one."""
        ...

    async def aclose(self) -> None:
        """Let go of everything."""
        ...


@runtime_checkable
class StatefulDialect(Protocol):
    """A chat dialect whose clients may go on from an earlier answer by its id. What it is handed are its own requests
    and answers."""

    name: str
    kept_surfaces: tuple[Surface, ...]
    """GET and DELETE of one; the paths hold `{id}`."""
    given_surfaces: tuple[Surface, ...]
    """GET of what one was made from."""
    cancel_surfaces: tuple[Surface, ...]
    """POST to stop one that is still being made."""

    def previous(self, request: Request[ChatRequest]) -> str | None:
        """The id of the answer to go on from."""
        ...

    def wants_keeping(self, request: Request[ChatRequest]) -> bool:
        """Whether the client wants its answer kept."""
        ...

    def continued(
        self, request: Request[ChatRequest], earlier: KeptAnswer | None, answer_id: str
    ) -> Request[ChatRequest]:
        """The call with its whole history; or pinned to who holds that. Its answer has `answer_id`, where the provider
        does not give it one of its own."""
        ...

    def kept(
        self, request: Request[ChatRequest], body: bytes, caller: str, target: Target, now: float
    ) -> KeptAnswer | None:
        """What to keep of a whole answer; None where it can not be gone on from."""
        ...

    def whole_answer(self) -> Callable[[bytes], bytes | None]:
        """For one stream: fed what the client is sent, gives the whole answer once it has been told."""
        ...

    def write_kept(self, answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
        """The answer as it was given. Raises InvalidRequest for another form of it, which is not kept."""
        ...

    def write_given(self, answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
        """A page of what it was made from. Raises InvalidRequest."""
        ...

    def write_forgotten(self, answer_id: str) -> bytes:
        """That it is gone."""
        ...


@runtime_checkable
class ConversingDialect(StatefulDialect, Protocol):
    """A stateful dialect whose clients may also name a conversation, to which each call adds what it said and was told.
    One is kept as a KeptAnswer: `given` are its items, `body` is what is told of it."""

    conversation_surfaces: tuple[Surface, ...]
    """POST of a new one; GET, POST and DELETE of one (`{id}`); GET and POST of its items; GET and DELETE of one
    (`{item}`)."""

    def conversation(self, request: Request[ChatRequest]) -> str | None:
        """The id of the one that the call belongs to. Raises InvalidRequest."""
        ...

    def begun(self, body: bytes, conversation_id: str, caller: str, now: float) -> KeptAnswer:
        """A new one, as a client asks for it. Raises InvalidRequest."""
        ...

    def changed(self, conversation: KeptAnswer, body: bytes, now: float) -> KeptAnswer:
        """With what a client tells of it. Raises InvalidRequest."""
        ...

    def with_items(self, conversation: KeptAnswer, body: bytes, now: float) -> tuple[KeptAnswer, bytes]:
        """With more items, and what to answer. Raises InvalidRequest."""
        ...

    def without_item(self, conversation: KeptAnswer, item_id: str, now: float) -> KeptAnswer:
        """Without one. Raises NotFound."""
        ...

    def write_one_item(self, conversation: KeptAnswer, item_id: str) -> bytes:
        """One of its items. Raises NotFound."""
        ...

    def said(
        self, conversation: KeptAnswer, request: Request[ChatRequest], body: bytes, now: float
    ) -> KeptAnswer | None:
        """With what a call in it said and was told; None for an answer that is not whole."""
        ...

    def write_ended(self, conversation_id: str) -> bytes:
        """That it is gone."""
        ...
