"""The heads of the server's answers (RFC 9112, 4)."""

from collections.abc import Sequence
from email.utils import formatdate
from http import HTTPStatus

_BODILESS = (204, 304)


def answer_head(
    status: int,
    fields: Sequence[tuple[str, str]],
    content_type: str,
    constant: str,
    length: int | None,
    connection: str,
) -> bytes:
    """The status line and fields of an answer of `length` bytes; None: of one that says its end otherwise. `constant`
    stands in every head; `connection` are lines that say what becomes of the connection.

    Raises ValueError for a field with a line break, which would make two of one.
    """
    lines = "\r\n".join(map(": ".join, fields))
    breaks = len(fields) - 1 if fields else 0
    if lines.count("\n") != breaks or lines.count("\r") != breaks:
        raise ValueError("a header field holds a line break")
    if fields:
        lines += "\r\n"
    if status in _BODILESS:
        head = f"{_STATUS[status]}{lines}{constant}{connection}\r\n"
    elif length is None:
        head = f"{_STATUS[status]}content-type: {content_type}\r\n{lines}{constant}{connection}\r\n"
    else:
        head = (
            f"{_STATUS[status]}content-type: {content_type}\r\ncontent-length: {length}\r\n"
            f"{lines}{constant}{connection}\r\n"
        )
    return head.encode("latin-1")


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
