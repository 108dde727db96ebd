"""Steps: the policy chain around every call, folded once when a gateway opens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct

from lockgate_ports.context import Context, Target
from lockgate_ports.events import Event
from lockgate_ports.http import Headers
from lockgate_ports.limits import Standing
from lockgate_ports.records import Cost
from lockgate_ports.wire import Reply, Request


class Served(Struct, frozen=True):
    """Who answers, and how many tries it took."""

    route: str
    target: Target
    attempts: int
    standings: tuple[Standing, ...] = ()
    """The limits that the call was counted against, as they stood then."""


class Answer(Struct, eq=False):
    """A whole answer, and who gave it."""

    reply: Reply[Any]
    served: Served
    cost: Cost | None = None
    """Of all attempts together; told once the call is over. None when nothing can have been charged."""


class AnswerStream(Protocol):
    """An answer in events, complete when it ends and failed when it raises; and who gives it.

    Iterate it to the end or close it; closing cancels the upstream call.
    """

    @property
    def served(self) -> Served:
        """Who answers."""
        ...

    @property
    def dropped(self) -> tuple[str, ...]:
        """Fields of the request that were left out."""
        ...

    @property
    def request_id(self) -> str | None:
        """The provider's id for the call."""
        ...

    @property
    def headers(self) -> Headers:
        """The provider's header fields that go to the client with its events."""
        ...

    @property
    def cost(self) -> Cost | None:
        """Of all attempts together; None until the call is over, and when nothing can have been charged."""
        ...

    def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        """The events in batches, none of them empty."""
        ...

    async def aclose(self) -> None:
        """Stop. Safe to call twice."""
        ...


Handler = Callable[[Request[Any], Context], Awaitable[Answer | AnswerStream]]
"""Answers a call: with an AnswerStream where `request.stream` is set, else with an Answer."""


class Step(Protocol):
    """One policy. It may refuse, edit the request, or look at the answer."""

    def wrap(self, inner: Handler) -> Handler:
        """The handler that applies this step around `inner`."""
        ...
