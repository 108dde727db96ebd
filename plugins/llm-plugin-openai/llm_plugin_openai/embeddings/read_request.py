"""A client's bytes become a Request (OpenAI API reference, Embeddings, Create)."""

from llm_plugin_openai.checks import check_model, check_utf8
from llm_plugin_openai.embeddings.wire import NAME, REQUEST, WireRequest
from llm_plugin_openai.places import body_of
from llm_plugin_openai.travelling import RETURNING
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import MEMBERS
from lockgate_ports.embed import EmbedInput, EmbedRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.wire import Inbound, Request

_KNOWN = frozenset(WireRequest.__struct_fields__)


def read_request(inbound: Inbound) -> Request[EmbedRequest]:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    body = body_of(inbound)
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    check_utf8(body)
    check_model(wire.model)
    given = wire.input
    if not isinstance(given, str) and len({type(each) for each in given}) > 1:
        raise InvalidRequest(
            "input must be a string, a list of strings, a list of token ids or a list of such lists, not a mixture",
            param="input",
        )
    return Request(
        operation="embeddings",
        model=wire.model,
        stream=False,
        dialect=NAME,
        body=body,
        returning=RETURNING,
        read=lambda: _view(wire, body),
        wire=wire,
    )


def read_view(body: bytes) -> EmbedRequest:
    """The canonical request, of a body that a surface has checked. Raises InvalidRequest, naming the field."""
    try:
        wire = REQUEST.decode(body)
    except BROKEN as error:
        raise fault(error, body) from None
    return _view(wire, body)


def _view(wire: WireRequest, body: bytes) -> EmbedRequest:
    return EmbedRequest(
        model=wire.model,
        inputs=_inputs(wire.input),
        dimensions=wire.dimensions,
        encoding_format=wire.encoding_format,
        user=wire.user,
        extra={name: value for name, value in MEMBERS.decode(body).items() if name not in _KNOWN},
        native=NAME,
    )


def _inputs(given: str | list[str | int | list[int]]) -> tuple[EmbedInput, ...]:
    if isinstance(given, str):
        return (given,)
    tokens = tuple(each for each in given if isinstance(each, int))
    if tokens:
        return (tokens,)
    return tuple(tuple(each) if isinstance(each, list) else each for each in given if not isinstance(each, int))
