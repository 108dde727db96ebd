"""What a caller may ask for at all. Pure."""

from lockgate_ports.caller import Caller
from lockgate_ports.errors import Forbidden


def check_scope(caller: Caller, model: str, surface: str) -> None:
    """Raises Forbidden when the caller may not ask for this name, or may not speak this dialect.

    It is the name that the client asks for that counts: what a route or profile of that name leads to is the
    operator's choice.
    """
    if not caller.may_ask(model):
        may = ", ".join(caller.models or ()) or "none"
        raise Forbidden(f"this API key may not ask for {model[:100]!r}; it may ask for: {may[:300]}", param="model")
    if not caller.may_speak(surface):
        may = ", ".join(caller.surfaces or ()) or "none"
        raise Forbidden(f"this API key may not be used with {surface}; it may be used with: {may[:300]}")
