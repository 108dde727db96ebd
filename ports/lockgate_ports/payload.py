"""The view of operations that are only handed on: a body as it came, and what it is."""

from msgspec import Struct


class Payload(Struct, frozen=True):
    """`content_type` is a media type with its parameters, as the header field says it."""

    body: bytes
    content_type: str = "application/json"
