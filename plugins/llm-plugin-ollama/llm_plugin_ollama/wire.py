"""Requests as HTTP."""

import msgspec
from msgspec import Struct

from lockgate_ports import json_post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Body, HttpRequest
from lockgate_ports.patch import edited, set_field, set_string

CHAT = "ollama-chat"
EMBEDDINGS = "ollama-embeddings"


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def post(path: str, body: Body, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}."""
    return json_post.post(path, body, upstream, "application/x-ndjson" if upstream.stream else json_post.JSON)


def patched(body: bytes, upstream: Upstream, *, streams: bool) -> Body:
    """All that `body` says, with `model` as it must be; and `stream`, which Ollama takes for true where nobody says
    otherwise. Raises InvalidRequest."""
    try:
        given = _SAID.decode(body)
    except BROKEN as error:
        raise InvalidRequest(f"the body is no request in Ollama's form: {error}") from None
    edits = set_string(body, "model", given.model, upstream.model)
    if streams and given.stream is not upstream.stream and not (given.stream is None and upstream.stream):
        edits.append(set_field(body, "stream", b"true" if upstream.stream else b"false"))
    return edited(body, edits)
