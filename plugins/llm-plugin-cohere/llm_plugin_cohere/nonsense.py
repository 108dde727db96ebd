"""Answers that came with status 200 and are no text."""

from lockgate_ports.refusals import unusable


def check_utf8(body: bytes) -> None:
    """Raises UpstreamError for a body that is no UTF-8: what is carried unread was not looked at."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            raise unusable("an answer that is not valid UTF-8") from None
