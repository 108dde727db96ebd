"""The heads of the server's answers (RFC 9112, 4)."""

from email.utils import formatdate
from http import HTTPStatus

_BODILESS = (204, 304)


def answer_head(
    status: int, lines: str, content_type: str, constant: str, length: int | None, connection: str
) -> bytes:
    """The status line and fields of an answer of `length` bytes; None: of one that says its end otherwise. `constant`
    are lines that stand in every head; those of `connection` say what becomes of the connection."""
    status_line = _STATUS[status]
    if status in _BODILESS:
        head = f"{status_line}{lines}{constant}{connection}\r\n"
    elif length is None:
        head = f"{status_line}content-type: {content_type}\r\n{lines}{constant}{connection}\r\n"
    else:
        head = (
            f"{status_line}content-type: {content_type}\r\ncontent-length: {length}\r\n"
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
