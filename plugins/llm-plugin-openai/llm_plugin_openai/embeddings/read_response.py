"""A whole answer, tolerantly (OpenAI API reference, Embeddings, the object list of embedding)."""

from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from llm_plugin_openai.embeddings.wire import ANSWER, GLANCE, NAME, WireAnswer
from llm_plugin_openai.error_in import error_inside
from llm_plugin_openai.usage import read_usage
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.embed import Embedding, EmbedResponse
from lockgate_ports.errors import UpstreamError
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.usage import Usage
from lockgate_ports.wire import Glance

_KNOWN = frozenset((*WireAnswer.__struct_fields__, "object"))
_Answer = TypeVar("_Answer")


def glance(body: bytes) -> Glance:
    """Partial decode. Raises UpstreamError when `body` holds no vectors."""
    wire = _decoded(GLANCE, body)
    if not wire.data:
        raise _without_vectors(wire.error, body)
    return Glance(_text(wire.model), _usage(wire.usage))


def read_response(body: bytes) -> EmbedResponse:
    """The canonical answer, by the order of `index`. Raises UpstreamError as `glance` does."""
    wire = _decoded(ANSWER, body)
    if not wire.data:
        raise _without_vectors(wire.error, body)
    vectors = [
        Embedding(
            place if each.index is None else each.index,
            each.embedding if isinstance(each.embedding, str) else tuple(each.embedding),
        )
        for place, each in enumerate(wire.data)
    ]
    extra = {name: value for name, value in MEMBERS.decode(body).items() if name not in _KNOWN and said(value)}
    return EmbedResponse(
        embeddings=tuple(sorted(vectors, key=lambda each: each.index)),
        model=_text(wire.model),
        usage=_usage(wire.usage),
        extra=extra,
        native=NAME if extra else None,
    )


def _decoded(decoder: msgspec.json.Decoder[_Answer], body: bytes) -> _Answer:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise unusable(f"JSON that is no list of embeddings ({error})") from None
    except BROKEN:
        raise unreadable(body) from None


def _usage(raw: Raw) -> Usage | None:
    """An embedding has no output to count, so what is not said of it is 0."""
    usage = read_usage(raw) if said(raw) else None
    if usage is None or usage.input_tokens is None or usage.output_tokens is not None:
        return usage
    return msgspec.structs.replace(usage, output_tokens=0)


def _without_vectors(error: Raw, body: bytes) -> UpstreamError:
    return error_inside(body, NAME) if said(error) else unusable("an answer without vectors")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
