"""Where OpenAI's clients look for an operation: its SDKs under any base URL that people give them, and Azure's."""

import msgspec

from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.dialect import Surface
from lockgate_ports.patch import put
from lockgate_ports.wire import Inbound

PLACES = ("/v1", "", "/openai/v1", "/openai")
"""Path prefixes: OpenAI's, a base URL without `/v1`, and both of Azure's that name no deployment (Azure OpenAI REST API
reference)."""
_DEPLOYMENT = "/openai/deployments/{model:path}"


def surfaces_of(operation: str) -> tuple[Surface, ...]:
    """The places of an operation that Azure has by deployment too: `chat/completions`."""
    return (*placed("POST", operation), Surface("POST", f"{_DEPLOYMENT}/{operation}"))


def placed(method: str, path: str) -> tuple[Surface, ...]:
    """`path` (`models/{id:path}`) below each prefix."""
    return tuple(Surface(method, f"{place}/{path}") for place in PLACES)


def body_of(inbound: Inbound) -> bytes:
    """The body, with the model in it that the path names, as Azure's paths do. Raises InvalidRequest."""
    model = inbound.path_values.get("model")
    if model is None:
        return inbound.body
    try:
        return put(inbound.body, "model", msgspec.json.encode(model))
    except BROKEN as error:
        raise fault(error, inbound.body) from None
