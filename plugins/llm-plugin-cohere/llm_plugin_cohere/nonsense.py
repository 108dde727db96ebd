"""Bodies that came with status 200 and are no answer."""

import msgspec
from msgspec import Struct

from llm_plugin_cohere.error_in import ERRORS
from lockgate_ports.errors import UpstreamError, clip


class _Error(Struct, gc=False):
    message: str


_ERROR = msgspec.json.Decoder(_Error)


def nonsense(error: Exception, body: bytes, dialect: str) -> UpstreamError:
    """What was sent instead of an answer: an error, or something else."""
    if isinstance(error, msgspec.ValidationError):
        try:
            _ERROR.decode(body)
        except msgspec.ValidationError:
            return unusable(f"JSON of another shape ({error})")
        return ERRORS.inside(body, dialect)
    if not body.strip():
        return unusable("nothing")
    return unusable(f"something that is not JSON ({clip(body[:200].decode('utf-8', 'replace'), 120)!r})")


def check_utf8(body: bytes) -> None:
    """Raises UpstreamError for a body that is no UTF-8: what is carried unread was not looked at."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            raise unusable("an answer that is not valid UTF-8") from None


def unusable(what: str) -> UpstreamError:
    """A provider that answered, but gave no answer."""
    return UpstreamError(f"gave no usable answer: it sent {what}", kind="transient", upstream_status=200)
