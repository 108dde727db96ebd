"""Header fields of answers, as the lines that they are on the wire: a CRLF behind each."""

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from lockgate.surfaces.rate_headers import RATES
from lockgate_ports.context import Target
from lockgate_ports.http import Headers

NO_CACHE = "cache-control: no-cache\r\nx-accel-buffering: no\r\n"
"""For streams."""


def lines(fields: Iterable[tuple[str, str]]) -> str:
    """Fields of whatever comes from elsewhere. Raises ValueError for a line break in one, which would make it two."""
    parts: list[str] = []
    for name, value in fields:
        parts += name, ": ", value, "\r\n"
    text = "".join(parts)
    if text.count("\n") * 4 != len(parts) or text.count("\r") * 4 != len(parts):
        raise ValueError("a header field holds a line break")
    return text


def line(name: str, value: str) -> str:
    """One of them. Raises ValueError as `lines` does."""
    return lines(((name, value),))


def id_line(request_id: str) -> str:
    """What every answer carries."""
    return f"x-request-id: {request_id}\r\n"


def fields_of(text: str) -> list[tuple[str, str]]:
    """Name and value of each line."""
    return [(name, value) for name, _, value in (each.partition(": ") for each in text.split("\r\n")[:-1])]


@lru_cache(maxsize=1024)
def who_lines(route: str, target: Target, attempts: int) -> str:
    """Who answered, and at which attempt."""
    named = f"x-lockgate-route: {printable(route)}\r\nx-lockgate-target: {printable(str(target))}\r\n"
    return f"{named}x-lockgate-attempts: {attempts}\r\n"


def with_theirs(text: str, theirs: Headers) -> str:
    """What the provider says behind what the gateway says: of a name that both use the gateway's counts, and where it
    tells of its own limits, those of the provider are no news. Raises ValueError as `lines` does."""
    limited = _says(text, RATES)
    return text + lines(
        [
            field
            for field in theirs
            if not (field[0] in text and _says(text, f"{field[0]}: ")) and not (limited and field[0].startswith(RATES))
        ]
    )


def _says(text: str, beginning: str) -> bool:
    return text.startswith(beginning) or f"\r\n{beginning}" in text


def printable(value: str) -> str:
    """As a header field may say it: anything but printable ASCII percent-encoded, and no longer than 500 bytes."""
    if len(value) <= 500 and value.isascii() and value.isprintable() and "%" not in value and "\\" not in value:
        return value
    return quote(value, safe=" !#$&'()*+,/:;=?@[]<>{}|^`~\"")[:500]
