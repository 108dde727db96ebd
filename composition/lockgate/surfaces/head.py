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


ReadBody = Callable[[], Awaitable[bytes]]
"""Reads the body to its end. Raises TooLarge or TooSlow."""


def client_key(head: Head) -> str:
    """The key, wherever this client's SDK puts it; empty when it shows none."""
    headers = head.headers
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    for name in ("x-api-key", "api-key", "x-goog-api-key"):
        if key := headers.get(name, ""):
            return key
    return head.query.get("key", "")
