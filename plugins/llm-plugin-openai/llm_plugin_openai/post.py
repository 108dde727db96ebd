"""How a request stands on the wire, and where: a POST of JSON below the base URL, unless a provider says otherwise."""

from collections.abc import Callable

from lockgate_ports.dialect import Upstream
from lockgate_ports.http import Body, Headers, HttpRequest

Target = Callable[[Upstream, str], str]
"""The request target (path and query, percent-encoded) of an operation such as `chat/completions` at an upstream."""

_JSON = {"content-type": "application/json", "accept": "application/json"}
_STREAM = {"content-type": "application/json", "accept": "text/event-stream"}


def below_prefix(upstream: Upstream, operation: str) -> str:
    """`{prefix}/chat/completions`."""
    return f"{upstream.prefix}/{operation}"


def post(body: Body, upstream: Upstream, target: str, travelled: Headers = ()) -> HttpRequest:
    """The provider's own headers win over those that travelled with the request; these over ours."""
    fields = (_STREAM if upstream.stream else _JSON).copy()
    for name, value in travelled:
        fields[name] = value
    for name, value in upstream.headers:
        fields[name] = value
    return HttpRequest("POST", upstream.origin, target, tuple(fields.items()), body, upstream.purpose)
