"""A request in this very dialect, sent on in its own bytes."""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_anthropic.betas import betas_for
from llm_plugin_anthropic.quirks import Quirks
from llm_plugin_anthropic.request_wire import WireRequest
from llm_plugin_anthropic.send import cloud_request, http_request
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Headers
from lockgate_ports.patch import Edit, edited, rewritten, set_field, set_string


class _Said(Struct, gc=False):
    model: str | None = None
    stream: bool | None = None
    anthropic_beta: Any = None


_SAID = msgspec.json.Decoder(_Said)


def relay_request(body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks, known: object = None) -> Written:
    """All that `body` says, with `model` set; what is `known` of it need not be decoded. Raises InvalidRequest."""
    path = quirks.stream_path if upstream.stream else quirks.path
    if quirks.version_in_body is not None:
        wire = _said(body)
        changes: dict[str, bytes | None] = {} if quirks.model_in_body else {"model": None}
        if not quirks.stream_in_body:
            changes["stream"] = None
        elif upstream.stream is not bool(wire.stream):
            changes["stream"] = _bool(upstream.stream)
        return _to_cloud(body, wire, headers, upstream, quirks, path, changes)
    asked = known if isinstance(known, WireRequest) else _said(body)
    edits = _model(body, asked, upstream)
    if upstream.stream is not bool(asked.stream):
        edits.append(set_field(body, "stream", _bool(upstream.stream)))
    return Written(http_request(edited(body, edits), upstream, quirks, path, headers))


def relay_count(body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks) -> Written:
    """The same for a count of tokens."""
    wire = _said(body)
    if quirks.version_in_body is not None:
        return _to_cloud(body, wire, headers, upstream, quirks, quirks.count_path, {})
    told = edited(body, _model(body, wire, upstream))
    return Written(http_request(told, upstream, quirks, quirks.count_path, headers))


def _to_cloud(
    body: bytes,
    wire: _Said,
    headers: Headers,
    upstream: Upstream,
    quirks: Quirks,
    path: str,
    changes: dict[str, bytes | None],
) -> Written:
    """For places that want version and betas in the body: these are set in it, beside `changes`."""
    draft = Draft(upstream)
    betas = betas_for(upstream, quirks, draft, headers, wire.anthropic_beta)
    told = {"model": msgspec.json.encode(upstream.model), **changes}
    told["anthropic_version"] = msgspec.json.encode(quirks.version_in_body)
    told["anthropic_beta"] = msgspec.json.encode(betas) if betas and quirks.betas != "header" else None
    return Written(cloud_request(rewritten(body, told), upstream, quirks, path, betas), draft.dropped)


def _said(body: bytes) -> _Said:
    try:
        return _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None


def _model(body: bytes, wire: _Said | WireRequest, upstream: Upstream) -> list[Edit]:
    if wire.model is None:
        raise InvalidRequest("model is missing", param="model")
    return set_string(body, "model", wire.model, upstream.model)


def _bool(value: bool) -> bytes:
    return b"true" if value else b"false"
