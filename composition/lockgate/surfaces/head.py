"""The head of a client's request, before any server framework; and the key that a client shows in it."""

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from lockgate_ports.caller import NOBODY, Caller


class Head(Struct):
    """The head of a client's request; header names in lower case, `path` percent-encoded."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = {}
    caller: Caller = NOBODY
    """Who sends it, once the front door has found out."""


ReadBody = Callable[[], bytes | Awaitable[bytes]]
"""The body to its end: at once where all of it is there. Raises TooLarge or TooSlow."""


async def whole(read_body: ReadBody) -> bytes:
    """The body, for pages that few ask for. Raises as that does."""
    body = read_body()
    return body if isinstance(body, bytes) else await body


def client_key(head: Head) -> str:
    """The key, wherever this client's SDK puts it; empty when it shows none."""
    headers = head.headers
    if (written := headers.get("authorization")) is not None:
        scheme, _, key = written.partition(" ")
        if key and scheme.lower() == "bearer":
            return key.strip()
    for name in ("x-api-key", "api-key", "x-goog-api-key"):
        if key := headers.get(name, ""):
            return key
    return head.query.get("key", "")
