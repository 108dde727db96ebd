"""Requests as HTTP."""

import msgspec
from msgspec import Struct

from lockgate_ports import json_post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Body, HttpRequest
from lockgate_ports.patch import edited, set_field, set_string


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def post(path: str, body: Body, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}. Cohere frames a stream by the `accept` header."""
    return json_post.post(path, body, upstream, "text/event-stream" if upstream.stream else json_post.JSON)


def patched(body: bytes, upstream: Upstream) -> Body:
    """All that `body` says, with `model` and `stream` as they must be. Raises InvalidRequest."""
    try:
        given = _SAID.decode(body)
    except BROKEN as error:
        raise InvalidRequest(f"the body is no request in Cohere's form: {error}") from None
    edits = set_string(body, "model", given.model, upstream.model)
    if bool(given.stream) != upstream.stream:
        edits.append(set_field(body, "stream", b"true" if upstream.stream else b"false"))
    return edited(body, edits)
