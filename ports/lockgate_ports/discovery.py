"""Asks a provider for its list of models, page by page."""

from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime

from lockgate_ports.cards import ModelCard
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import HttpRequest, HttpResponse
from lockgate_ports.model_lists import Asking, Page

_MOST_PAGES = 1000
"""A list that is longer goes in circles."""


async def ask_through(
    asking: Asking, send: Callable[[HttpRequest], Awaitable[HttpResponse]], limit: int
) -> tuple[ModelCard, ...]:
    """The cards. `send` raises UpstreamError for what is no answer; `limit` is in bytes, of one page."""
    try:
        request = next(asking)
        for _ in range(_MOST_PAGES):
            response = await send(request)
            try:
                body = await response.read(limit)
            finally:
                response.abort()
            request = asking.send(Page(body, _day_of(response)))
    except StopIteration as end:
        cards: tuple[ModelCard, ...] = end.value
        return cards
    finally:
        asking.close()
    raise UpstreamError(f"its list of models has no end: {_MOST_PAGES} pages, and more", kind="fatal")


def _day_of(response: HttpResponse) -> str | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).date().isoformat()
    except ValueError:
        return None
