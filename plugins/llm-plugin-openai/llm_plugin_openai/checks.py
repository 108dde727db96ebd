"""What every request of OpenAI's languages is checked for."""

from lockgate_ports.body_faults import utf8_fault
from lockgate_ports.errors import InvalidRequest


def check_utf8(body: bytes) -> None:
    """Raises InvalidRequest; what msgspec skips or carries as Raw it does not check."""
    if (place := utf8_fault(body)) is not None:
        raise InvalidRequest(f"the body is not valid UTF-8: byte {place} begins no character")


def check_model(model: str) -> None:
    """Raises InvalidRequest for a name that names nothing, or that no log line could show."""
    if not model or model.isspace():
        raise InvalidRequest("model is empty; name the model to ask", param="model")
    if not model.isprintable():
        raise InvalidRequest("model holds a control character or line break", param="model")
