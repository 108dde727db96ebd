"""What ties a call to one key: reasoning or a cached prompt that only that key's account can read. Pure."""

from hashlib import blake2b
from typing import Any

from lockgate_ports.caller import Caller
from lockgate_ports.chat import ChatRequest
from lockgate_ports.errors import LockgateError
from lockgate_ports.parts import Text
from lockgate_ports.wire import Request

_MARKS = (
    b"prompt_cache_key",
    b"previous_response_id",
    b"encrypted_content",
    b"cache_control",
    b"cachePoint",
    b"signature",
    b"Signature",
    b"cached",
)
"""Bytes without one of which, in any language, a body is bound to no key."""
_HINTS = (b"cache", b"ignature", b"previous_response_id", b"encrypted_content")
"""Fewer, without one of which it holds no mark."""


def bond_of(request: Request[Any], caller: Caller) -> str | None:
    """The same for all turns of a conversation that is bound to a key: its cache key, else who had the answer kept that
    it refers to, else how it began. None where nothing binds it."""
    body = request.body
    if body is not None and (request.plain or not _is_marked(body)):
        return None
    try:
        view = request.view
    except LockgateError:
        return None  # only its provider can read it
    if not isinstance(view, ChatRequest):
        return None
    if view.prompt_cache_key is not None:
        return f"cache {view.prompt_cache_key}"
    if "previous_response_id" in view.extra:
        return f"caller {caller.tenant} {caller.user or view.user}"
    return f"begun {_beginning(view)}" if body is not None else None


def _is_marked(body: bytes) -> bool:
    for hint in _HINTS:
        if body.find(hint) >= 0:  # `in` makes and drops an exception first, for bytes in bytes (CPython 3.11)
            return any(mark in body for mark in _MARKS)
    return False


def weight(bond: str, ref: str) -> bytes:
    """Where a key stands for a bond (rendezvous hashing): when keys come and go, only the bonds of those move."""
    return blake2b(f"{bond}\0{ref}".encode(), digest_size=8).digest()


def _beginning(view: ChatRequest) -> str:
    first = next((message for message in view.messages if message.role == "user"), None)
    words = "".join(part.text for part in first.parts if isinstance(part, Text)) if first is not None else ""
    return blake2b(words.encode("utf-8", "replace"), digest_size=8).hexdigest()
