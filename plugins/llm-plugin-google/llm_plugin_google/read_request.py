"""A client's bytes become a Request (Gemini API reference, generateContent and streamGenerateContent)."""

from llm_plugin_google.camel import camel_case
from llm_plugin_google.models import NAME
from llm_plugin_google.read_view import view_of
from llm_plugin_google.request_wire import REQUEST, WireRequest
from lockgate_ports.body_faults import BROKEN, check_utf8, fault
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import InvalidRequest
from lockgate_ports.travelling import Returning, Travelling
from lockgate_ports.wire import Inbound, Request

_ROLES = (None, "", "user", "model", "function", "tool")
_STREAM = ":streamGenerateContent"
TRAVELLING = Travelling(("x-goog-api-client", "x-server-timeout"))
RETURNING = Returning(("server-timing",), ("x-gemini-",))
"""What of a client's head goes on; `x-goog-user-project` does not: it names who pays."""


class GeminiRequest(Request[ChatRequest]):
    """A Request that knows in which form its stream is wanted: server-sent events (`alt=sse`), or a JSON array."""

    __slots__ = ("as_array",)

    as_array: bool


def read_request(inbound: Inbound) -> GeminiRequest:
    """Checks the shape of the whole body; the view is made on first use. Raises InvalidRequest, naming the field."""
    model = model_of(inbound)
    body, wire = checked(inbound.body)
    stream = inbound.path.endswith(_STREAM)
    request = GeminiRequest(
        operation="chat",
        model=model,
        stream=stream,
        dialect=NAME,
        body=inbound.body,
        headers=TRAVELLING.of(inbound.headers),
        returning=RETURNING,
        read=lambda: view_of(wire, body, model, stream=stream),
    )
    request.as_array = stream and inbound.query.get("alt") != "sse"
    return request


def model_of(inbound: Inbound) -> str:
    """The model, from the path. Raises InvalidRequest."""
    model = inbound.path_values.get("model", "")
    if not model.strip() or not model.isprintable():
        raise InvalidRequest("the path names no model: POST /v1beta/models/{model}:generateContent", param="model")
    return model


def checked(body: bytes) -> tuple[bytes, WireRequest]:
    """The body with its names in one spelling, and what it says. Raises InvalidRequest, naming the field."""
    try:
        spelled = camel_case(body)
        wire = REQUEST.decode(spelled)
    except BROKEN as error:
        raise fault(error, body) from None
    check_utf8(body)
    for place, content in enumerate(wire.contents):
        if content.role not in _ROLES:
            at = f"contents[{place}].role"
            raise InvalidRequest(f"{at} {(content.role or '')[:40]!r} is neither user nor model", param=at)
    calling = wire.tool_config.function_calling_config if wire.tool_config is not None else None
    if calling is not None and calling.allowed_function_names and calling.mode not in ("ANY", "VALIDATED"):
        at = "toolConfig.functionCallingConfig.allowedFunctionNames"
        raise InvalidRequest(f"{at} goes with mode ANY or VALIDATED", param=at)
    return spelled, wire
