"""How a provider is asked which models it has: requests out, pages in, cards in the end. Sans-IO, like a dialect."""

import re
from collections.abc import Generator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, cast

import msgspec
from msgspec import Struct

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.cards import ModelCard
from lockgate_ports.dialect import Upstream
from lockgate_ports.http import HttpRequest
from lockgate_ports.refusals import unreadable, unusable

Row = Mapping[str, Any]
"""What a provider says of one model."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_PAGE = msgspec.json.Decoder(float_hook=Decimal)


class Page(Struct, frozen=True):
    """One answer. `day` is that on which it was given, by its `date` header; None where it names none."""

    body: bytes
    day: str | None = None


Asking = Generator[HttpRequest, Page, tuple[ModelCard, ...]]
"""Yields a request, is sent the page that answers it, and returns the cards. Raises UpstreamError for a page that is
none."""


class ModelList(Protocol):
    """The provider's own list of its models."""

    def ask(self, upstream: Upstream) -> Asking:
        """The conversation. A card says what the list says and no more."""
        ...


def get(target: str, upstream: Upstream) -> HttpRequest:
    """GET {prefix}{target}."""
    headers = (("accept", "application/json"), *upstream.headers)
    return HttpRequest("GET", upstream.origin, upstream.prefix + target, headers, b"", upstream.purpose)


def decoded(page: Page) -> Any:
    """The JSON of a page, its fractions as Decimals. Raises UpstreamError."""
    try:
        return _PAGE.decode(page.body)
    except BROKEN:
        raise unreadable(page.body) from None


def rows_of(said: Any, member: str, name: str) -> list[tuple[str, Row]]:
    """Each model with its name, from the list under `member`, where `name` holds it. Raises UpstreamError."""
    rows = listed(members(said).get(member))
    if rows is None:
        raise unusable(f"no list of models under {member!r}")
    named: list[tuple[str, Row]] = []
    for each in rows:
        row = members(each)
        called = row.get(name)
        if not isinstance(called, str) or not called:
            raise unusable(f"a list of models in which not every one has a {name!r}")
        named.append((called, row))
    return named


def members(value: Any) -> Row:
    """Those of an object; none of anything else."""
    return cast(Row, value) if isinstance(value, dict) else {}


def listed(value: Any) -> Sequence[Any] | None:
    """A list; None for anything else."""
    return cast(Sequence[Any], value) if isinstance(value, list) else None


def tokens(*values: Any) -> int | None:
    """The first that is a limit: a number above 0."""
    for value in values:
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0:
            return int(value)
    return None


def flag(*values: Any) -> bool | None:
    """The first that is true or false."""
    return next((value for value in values if isinstance(value, bool)), None)


def day(*values: Any) -> str | None:
    """The first that begins with a date in ISO 8601, as that date."""
    for value in values:
        if isinstance(value, str) and (found := _DAY.match(value)):
            return found.group()
    return None


def amount(value: Any) -> Decimal | None:
    """A number, or a number in a string, from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None
