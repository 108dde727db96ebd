"""What a surface answers, before any server framework sees it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from lockgate.surfaces.head import Head, ReadBody
from lockgate_ports.dialect import ErrorAnswer
from lockgate_ports.errors import CallerError, LockgateError

JSON = "application/json"


class Whole(Struct, frozen=True):
    """A complete answer."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: str = ""
    """As lines: see `lines.py`."""


Write = Callable[[bytes], Awaitable[None] | None]
"""Sends a piece to the client. What it returns is to be waited for before the next one: the client does not keep up."""


class Streamed(Struct, frozen=True):
    """An answer in pieces, of which the first is certain. `tell` writes all but the last, which it returns; it raises
    nothing of the engine's. Whoever takes this must `close` it in the end, begun or not."""

    tell: Callable[[Write], Awaitable[bytes]]
    close: Callable[[], Awaitable[None]]
    content_type: str
    headers: str = ""
    """As lines: see `lines.py`."""
    status: int = 200
    ping: bytes = b""
    """May be written between two pieces when there has been none for a while."""


class Door(Protocol):
    """The way in: an answer to every request, whatever happens."""

    def handle(self, head: Head, read_body: ReadBody, /) -> Awaitable[Whole | Streamed]:
        """One request."""
        ...


ErrorWriter = Callable[[LockgateError, str], ErrorAnswer]
"""Writes an error, with the request's id, in some envelope."""


def write_plain_error(error: LockgateError, request_id: str) -> ErrorAnswer:
    """The envelope of paths that belong to no dialect: `{"error": {"message", "type", "param", "code"}}`."""
    kind = "invalid_request_error" if isinstance(error, CallerError) else "api_error"
    param = error.param if isinstance(error, CallerError) else None
    body = {"error": {"message": error.message, "type": kind, "param": param, "code": error.code}}
    return ErrorAnswer(error.status, msgspec.json.encode(body))
