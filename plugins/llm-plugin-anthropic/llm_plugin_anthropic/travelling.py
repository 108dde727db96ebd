"""What of a client's head goes on to a server of this dialect, and what of the server's comes back."""

from urllib.parse import quote

from lockgate_ports.http import Headers
from lockgate_ports.travelling import Returning, Travelling
from lockgate_ports.wire import Inbound

QUERY = ":query"
"""A field that is none, as HTTP/2 has them: the query of the target, which the SDKs' beta calls have."""

_TRAVELLING = Travelling(
    ("anthropic-version", "anthropic-beta", "anthropic-dangerous-direct-browser-access", "x-app"), ("x-claude-code-",)
)
RETURNING = Returning(("x-should-retry", "retry-after-ms"), ("anthropic-",))
"""Limits, those of a plan included, and what else it may come to tell; but not `anthropic-organization-id`."""


def travelling(inbound: Inbound) -> Headers:
    """The header fields, and `?beta=true`."""
    fields = _TRAVELLING.of(inbound.headers)
    if not inbound.query or (beta := inbound.query.get("beta")) is None:
        return fields
    return (*fields, (QUERY, f"beta={quote(beta, safe='')}"))
