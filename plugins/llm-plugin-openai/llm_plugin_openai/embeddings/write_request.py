"""The canonical view becomes a request, or a request of this very dialect goes on in its own bytes (OpenAI API
reference, Embeddings, Create).
"""

from typing import Any

import msgspec
from msgspec import Struct

from llm_plugin_openai.embeddings.wire import NAME, WireRequest
from llm_plugin_openai.post import Target, post
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.embed import EmbedInput, EmbedRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.http import Headers
from lockgate_ports.parts import Image
from lockgate_ports.patch import replace_string

_PATH = "embeddings"
_TUNING = ("dimensions", "encoding_format", "user")
_BEYOND = ("input_type", "truncate")


class _Said(Struct, gc=False):
    model: str


_SAID = msgspec.json.Decoder(_Said)


def relay_request(body: bytes, headers: Headers, upstream: Upstream, target: Target, wire: object = None) -> Written:
    """All that `body` says, with `model` set. Raises InvalidRequest."""
    try:
        said = wire if isinstance(wire, WireRequest) else _SAID.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    patched = replace_string(body, "model", said.model, upstream.model)
    return Written(post(patched, upstream, target(upstream, _PATH), headers))


def write_request(
    view: EmbedRequest,
    upstream: Upstream,
    target: Target,
    lacks: tuple[str, ...],
    renames: tuple[tuple[str, str], ...],
) -> Written:
    """Raises Unsupported, naming the field, for pictures, and for texts mixed with token ids."""
    draft = Draft(upstream)
    names = dict(renames)
    fields: dict[str, Any] = {"model": upstream.model, "input": _input(view.inputs, draft)}
    for name in (*_TUNING, *_BEYOND):
        value = getattr(view, name)
        if value is None:
            continue
        if name == "dimensions" and name in lacks:
            raise draft.cannot_say("wish for a length of its vectors", name)
        if (name in _TUNING and name not in lacks) or draft.admits(name):
            fields[names.get(name, name)] = value
    fields |= {name: value for name, value in view.extra.items() if view.native == NAME or draft.admits(name)}
    try:
        body = msgspec.json.encode(fields)
    except UnicodeEncodeError:
        raise InvalidRequest("the request holds a lone surrogate, which is half a character and no text") from None
    return Written(post(body, upstream, target(upstream, _PATH)), draft.dropped)


def _input(inputs: tuple[EmbedInput, ...], draft: Draft) -> list[str | tuple[int, ...]]:
    said: list[str | tuple[int, ...]] = []
    for place, each in enumerate(inputs):
        if isinstance(each, Image):
            raise draft.cannot_say("picture", f"input[{place}]")
        if said and type(each) is not type(said[0]):
            raise draft.cannot_say("mixture of texts and token ids", f"input[{place}]")
        said.append(each)
    return said
