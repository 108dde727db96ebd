"""Requests as HTTP, and JSON that is carried unread."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import HttpRequest
from lockgate_ports.patch import put, replace_string

NULL = Raw(b"null")
_JSON = (("content-type", "application/json"), ("accept", "application/json"))
_STREAM = (("content-type", "application/json"), ("accept", "text/event-stream"))


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def said(raw: Raw) -> bool:
    """Whether the value is there at all, and not null."""
    return len(raw) != 4 or bytes(raw) != b"null"


def post(path: str, body: bytes, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}. Cohere frames a stream by the `accept` header."""
    headers = (_STREAM if upstream.stream else _JSON) + upstream.headers
    return HttpRequest("POST", upstream.origin, upstream.prefix + path, headers, body, upstream.purpose)


def encode(fields: dict[str, object]) -> bytes:
    """JSON. Raises InvalidRequest for text that is none."""
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def patched(body: bytes, upstream: Upstream) -> bytes:
    """All that `body` says, with `model` and `stream` as they must be. Raises InvalidRequest."""
    try:
        given = _SAID.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is no request in Cohere's form: {error}") from None
    changed = replace_string(body, "model", given.model, upstream.model)
    if bool(given.stream) != upstream.stream:
        changed = put(changed, "stream", b"true" if upstream.stream else b"false")
    return changed
