"""Requests as HTTP."""

import msgspec
from msgspec import Struct

from lockgate_ports import json_post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import HttpRequest
from lockgate_ports.patch import put, replace_string


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def post(path: str, body: bytes, upstream: Upstream) -> HttpRequest:
    """POST {prefix}{path}. Cohere frames a stream by the `accept` header."""
    return json_post.post(path, body, upstream, "text/event-stream" if upstream.stream else json_post.JSON)


def patched(body: bytes, upstream: Upstream) -> bytes:
    """All that `body` says, with `model` and `stream` as they must be. Raises InvalidRequest."""
    try:
        given = _SAID.decode(body)
    except BROKEN as error:
        raise InvalidRequest(f"the body is no request in Cohere's form: {error}") from None
    changed = replace_string(body, "model", given.model, upstream.model)
    if bool(given.stream) != upstream.stream:
        changed = put(changed, "stream", b"true" if upstream.stream else b"false")
    return changed
