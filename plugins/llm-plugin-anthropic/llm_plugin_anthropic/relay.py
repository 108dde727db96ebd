"""A request in this very dialect, sent on in its own bytes."""

import msgspec
from msgspec import Struct

from llm_plugin_anthropic.quirks import Quirks
from llm_plugin_anthropic.send import http_request
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import MEMBERS
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.http import Headers
from lockgate_ports.patch import put, replace_string


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None


_SAID = msgspec.json.Decoder(_Said)


def relay_request(body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks) -> Written:
    """All that `body` says, with `model` set. Raises InvalidRequest."""
    wire = _said(body)
    patched = replace_string(body, "model", wire.model, upstream.model)
    if upstream.stream is not bool(wire.stream):
        patched = put(patched, "stream", b"true" if upstream.stream else b"false")
    path = quirks.stream_path if upstream.stream else quirks.path
    return Written(http_request(_elsewhere(patched, quirks), upstream, quirks, path, headers))


def relay_count(body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks) -> Written:
    """The same for a count of tokens."""
    patched = replace_string(body, "model", _said(body).model, upstream.model)
    return Written(http_request(_elsewhere(patched, quirks), upstream, quirks, quirks.count_path, headers))


def _said(body: bytes) -> _Said:
    try:
        return _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None


def _elsewhere(body: bytes, quirks: Quirks) -> bytes:
    """For places that want the version in the body, and model or stream in the path: each value as it came."""
    if quirks.version_in_body is None and quirks.model_in_body and quirks.stream_in_body:
        return body
    fields: dict[str, object] = dict(MEMBERS.decode(body))
    if not quirks.model_in_body:
        del fields["model"]
    if not quirks.stream_in_body:
        fields.pop("stream", None)
    if quirks.version_in_body is not None:
        fields["anthropic_version"] = quirks.version_in_body
    return msgspec.json.encode(fields)
