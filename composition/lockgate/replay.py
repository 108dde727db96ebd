"""Which of some requests would go elsewhere under other settings, and at what cost."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate.surfaces.admin import DEFAULT_DIALECT, read_as
from lockgate_core.explain import Explainer, Explanation
from lockgate_ports.caller import Caller
from lockgate_ports.dialect import CatalogueDialect, SurfaceDialect
from lockgate_ports.errors import LockgateError, SettingsError

_MODEL_LENGTH = 100
_NONE = Raw()


class Line(Struct, frozen=True):
    """One line of the file: a request as a client would send it, or one with what is known besides."""

    request: Raw = _NONE
    dialect: str = DEFAULT_DIALECT
    tenant: str | None = None
    user: str | None = None


class Change(Struct, frozen=True, kw_only=True):
    """A request that would go elsewhere. `line` counts from 1; an answer that would be refused has its code for a
    target. `least` and `most` are the change of US dollars for one attempt, where both prices are known."""

    line: int
    model: str
    before: str
    after: str
    least: Decimal | None = None
    most: Decimal | None = None


_LINE = msgspec.json.Decoder(Line)


def changes(
    lines: Iterable[bytes],
    old: Explainer,
    new: Explainer,
    dialects: Mapping[str, SurfaceDialect[Any, Any] | CatalogueDialect],
) -> Iterator[Change]:
    """The changes among the requests of a JSON Lines file. Raises SettingsError for a line that is no request."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = _LINE.decode(text)
            request = read_as(line.dialect, bytes(line.request) or text, dialects)
        except (msgspec.DecodeError, LockgateError) as error:
            raise SettingsError(f"line {number} of the requests: {error}") from None
        caller = Caller(tenant=line.tenant, user=line.user)
        before, after = old.explain(request, caller), new.explain(request, caller)
        if _first(before) != _first(after):
            yield Change(
                line=number,
                model=request.model[:_MODEL_LENGTH],
                before=_first(before),
                after=_first(after),
                least=_less(_price(after, "least"), _price(before, "least")),
                most=_less(_price(after, "most"), _price(before, "most")),
            )


def _first(told: Explanation) -> str:
    return told.targets[0].target if told.targets else told.code or ""


def _price(told: Explanation, bound: str) -> Decimal | None:
    return getattr(told.targets[0].price, bound, None) if told.targets else None


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other
