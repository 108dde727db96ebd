"""The heads of the server's answers (RFC 9112, 4)."""

from email.utils import formatdate
from http import HTTPStatus

from lockgate_ports.http import Headers

_BODILESS = (204, 304)


def answer_head(
    status: int, fields: Headers, content_type: str, constant: str, *, length: int | None, connection: str
) -> bytes:
    """The status line and fields of an answer of `length` bytes; None: of one that says its end otherwise. `constant`
    stands in every head; `connection` are lines that say what becomes of the connection.

    Raises ValueError for a field with a line break, which would make two of one.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    if lines.count("\n") != len(fields) or lines.count("\r") != len(fields):
        raise ValueError("a header field holds a line break")
    if status in _BODILESS:
        return f"{_STATUS[status]}{lines}{constant}{connection}\r\n".encode("latin-1")
    body = "" if length is None else f"content-length: {length}\r\n"
    return f"{_STATUS[status]}content-type: {content_type}\r\n{body}{lines}{constant}{connection}\r\n".encode("latin-1")


def constant_fields() -> str:
    """What every head says; good for a second. The server's name tells no version."""
    return f"server: lockgate\r\ndate: {formatdate(usegmt=True)}\r\n"


class _StatusLines(dict[int, str]):
    """Made on first use: providers have statuses of their own."""

    def __missing__(self, status: int) -> str:
        try:
            phrase = HTTPStatus(status).phrase
        except ValueError:
            phrase = ""
        line = self[status] = f"HTTP/1.1 {status} {phrase}\r\n"
        return line


_STATUS = _StatusLines()
