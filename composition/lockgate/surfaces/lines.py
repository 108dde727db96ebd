"""Header fields of answers, as the lines that they are on the wire: a CRLF behind each."""

from functools import lru_cache
from urllib.parse import quote

from lockgate.surfaces.rate_headers import RATES
from lockgate_ports.context import Target
from lockgate_ports.http import Headers

NO_CACHE = "cache-control: no-cache\r\nx-accel-buffering: no\r\n"
"""For streams."""


def line(name: str, value: str) -> str:
    """One field, of whatever comes from elsewhere. Raises ValueError for a line break, which would make two of it."""
    made = f"{name}: {value}\r\n"
    if made.count("\n") != 1 or made.count("\r") != 1:
        raise ValueError("a header field holds a line break")
    return made


def lines(fields: Headers) -> str:
    """Several. Raises ValueError as `line` does."""
    return "".join([line(name, value) for name, value in fields])


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
    tells of its own limits, those of the provider are no news. Raises ValueError as `line` does."""
    own = f"\r\n{text}"
    limited = f"\r\n{RATES}" in own
    for name, value in theirs:
        if f"\r\n{name}: " not in own and not (limited and name.startswith(RATES)):
            text += line(name, value)
    return text


def printable(value: str) -> str:
    """As a header field may say it: anything but printable ASCII percent-encoded, and no longer than 500 bytes."""
    if len(value) <= 500 and value.isascii() and value.isprintable() and "%" not in value and "\\" not in value:
        return value
    return quote(value, safe=" !#$&'()*+,/:;=?@[]<>{}|^`~\"")[:500]
