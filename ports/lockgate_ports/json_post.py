"""Requests that are a POST of a JSON object."""

from typing import Any

import msgspec
from msgspec import Struct

from lockgate_ports.body_faults import BROKEN
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Body, HttpRequest
from lockgate_ports.patch import replace_string

JSON = "application/json"


class _Said(Struct, gc=False):
    model: str


_SAID = msgspec.json.Decoder(_Said)


def post(path: str, body: Body, upstream: Upstream, accept: str = JSON) -> HttpRequest:
    """POST {prefix}{path}."""
    headers = (("content-type", JSON), ("accept", accept), *upstream.headers)
    return HttpRequest("POST", upstream.origin, upstream.prefix + path, headers, body, upstream.purpose)


def encode(fields: dict[str, Any]) -> bytes:
    """JSON. Raises InvalidRequest for text that is none."""
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None


def with_model(body: bytes, upstream: Upstream) -> Body:
    """All that `body` says, with `model` as it must be. Raises InvalidRequest."""
    try:
        model = _SAID.decode(body).model
    except BROKEN as error:
        raise InvalidRequest(f"the body is no request in this provider's form: {error}") from None
    return replace_string(body, "model", model, upstream.model)
