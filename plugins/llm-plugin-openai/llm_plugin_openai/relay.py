"""A request in this very dialect, sent on in its own bytes."""

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.completions.wire import WireRequest as CompletionWire
from llm_plugin_openai.post import Target, post
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai.request_wire import WireRequest
from llm_plugin_openai.write_request import PATH
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.http import Body, Headers
from lockgate_ports.patch import Edit, add_field, edited, set_field, set_string


class _Said(Struct, gc=False):
    model: str
    stream: bool | None = None
    stream_options: Raw = NULL


_SAID = msgspec.json.Decoder(_Said)


def relay_request(
    body: bytes, headers: Headers, upstream: Upstream, quirks: Quirks, target: Target, wire: object = None
) -> Written:
    """All that `body` says, with `model` set, and usage asked for in a stream. Raises InvalidRequest."""
    known = wire if isinstance(wire, WireRequest) else None
    return Written(post(relayed_body(body, upstream, quirks, known), upstream, target(upstream, PATH), headers))


def relayed_body(
    body: bytes, upstream: Upstream, quirks: Quirks, known: WireRequest | CompletionWire | None = None
) -> Body:
    """`body` itself where nothing had to change; what is `known` of it need not be decoded. Raises InvalidRequest."""
    if known is not None and (_asks_for_all(known, quirks) if upstream.stream else not known.stream):
        edits = set_string(body, "model", known.model, upstream.model)
    else:
        edits = _edits(body, upstream, quirks)
    for name, value in quirks.adds:
        if b'"%s"' % name.encode() not in body or name not in MEMBERS.decode(body):
            edits.append(add_field(body, name, value))
    return edited(body, edits)


def _asks_for_all(known: WireRequest | CompletionWire, quirks: Quirks) -> bool:
    """For a stream, and for usage in it, as it must."""
    options = known.stream_options
    return known.stream is True and (not quirks.stream_usage or (options is not None and options.include_usage is True))


def _edits(body: bytes, upstream: Upstream, quirks: Quirks) -> list[Edit]:
    try:
        wire = _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    edits = set_string(body, "model", wire.model, upstream.model)
    if upstream.stream:
        if wire.stream is not True:
            edits.append(set_field(body, "stream", b"true"))
        if quirks.stream_usage:
            edits += _usage(body, wire.stream_options)
    elif wire.stream:
        edits.append(set_field(body, "stream", b"false"))
        if said(wire.stream_options):
            # servers refuse the options of a stream where none is asked for
            edits.append(set_field(body, "stream_options", b"null"))
    return edits


def _usage(body: bytes, options: Raw) -> list[Edit]:
    if options is NULL:
        return [add_field(body, "stream_options", b'{"include_usage":true}')]
    members = MEMBERS.decode(options) if said(options) else {}
    if bytes(members.get("include_usage", NULL)) == b"true":
        return []
    return [set_field(body, "stream_options", msgspec.json.encode({**members, "include_usage": True}))]
