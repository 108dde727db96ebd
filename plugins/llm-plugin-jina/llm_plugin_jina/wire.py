"""Requests as HTTP, and bodies that came with status 200 and are no answer."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, UpstreamError, clip
from lockgate_ports.http import HttpRequest
from lockgate_ports.patch import replace_string
from lockgate_ports.status_errors import DETAIL_ERRORS

NULL = Raw(b"null")
_JSON = (("content-type", "application/json"), ("accept", "application/json"))


class _Said(Struct, gc=False):
    model: str


class _Error(Struct, gc=False):
    detail: Raw


_SAID = msgspec.json.Decoder(_Said)
_ERROR = msgspec.json.Decoder(_Error)


def said(raw: Raw) -> bool:
    """Whether the value is there at all, and not null."""
    return len(raw) != 4 or bytes(raw) != b"null"


def post(path: str, body: bytes, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}."""
    headers = _JSON + upstream.headers
    return HttpRequest("POST", upstream.origin, upstream.prefix + path, headers, body, upstream.purpose)


def encode(fields: dict[str, object]) -> bytes:
    """JSON. Raises InvalidRequest for text that is none."""
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def patched(body: bytes, upstream: Upstream) -> bytes:
    """All that `body` says, with `model` as it must be. Raises InvalidRequest."""
    try:
        model = _SAID.decode(body).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is no request in this provider's form: {error}") from None
    return replace_string(body, "model", model, upstream.model)


def nonsense(error: Exception, body: bytes, dialect: str) -> UpstreamError:
    """What was sent instead of an answer: an error, or something else."""
    if isinstance(error, msgspec.ValidationError):
        try:
            _ERROR.decode(body)
        except msgspec.ValidationError:
            return unusable(f"JSON of another shape ({error})")
        return DETAIL_ERRORS.inside(body, dialect)
    if not body.strip():
        return unusable("nothing")
    return unusable(f"something that is not JSON ({clip(body[:200].decode('utf-8', 'replace'), 120)!r})")


def unusable(what: str) -> UpstreamError:
    """A provider that answered, but gave no answer."""
    return UpstreamError(f"gave no usable answer: it sent {what}", kind="transient", upstream_status=200)
