"""Requests as HTTP, and bodies that came with status 200 and are no answer."""

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest, UpstreamError, clip
from lockgate_ports.http import HttpRequest
from lockgate_ports.patch import put, replace_string

CHAT = "ollama-chat"
EMBEDDINGS = "ollama-embeddings"
NULL = Raw(b"null")
MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_JSON = (("content-type", "application/json"), ("accept", "application/json"))
_STREAM = (("content-type", "application/json"), ("accept", "application/x-ndjson"))


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def said(raw: Raw) -> bool:
    """Whether the value is there at all, and not null."""
    return len(raw) != 4 or bytes(raw) != b"null"


def post(path: str, body: bytes, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}."""
    headers = (_STREAM if upstream.stream else _JSON) + upstream.headers
    return HttpRequest("POST", upstream.origin, upstream.prefix + path, headers, body, upstream.purpose)


def encode(fields: dict[str, object]) -> bytes:
    """JSON. Raises InvalidRequest for text that is none."""
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def patched(body: bytes, upstream: Upstream, *, streams: bool) -> bytes:
    """All that `body` says, with `model` as it must be; and `stream`, which Ollama takes for true where nobody says
    otherwise. Raises InvalidRequest."""
    try:
        given = _SAID.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"the body is no request in Ollama's form: {error}") from None
    changed = replace_string(body, "model", given.model, upstream.model)
    if streams and given.stream is not upstream.stream and not (given.stream is None and upstream.stream):
        changed = put(changed, "stream", b"true" if upstream.stream else b"false")
    return changed


def nonsense(error: Exception, body: bytes) -> UpstreamError:
    """What was sent instead of an answer."""
    if isinstance(error, msgspec.ValidationError):
        return unusable(f"JSON of another shape ({error})")
    if not body.strip():
        return unusable("nothing")
    return unusable(f"something that is not JSON ({clip(body[:200].decode('utf-8', 'replace'), 120)!r})")


def unusable(what: str) -> UpstreamError:
    """A provider that answered, but gave no answer."""
    return UpstreamError(f"gave no usable answer: it sent {what}", kind="transient", upstream_status=200)
