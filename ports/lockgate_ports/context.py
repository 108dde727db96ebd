"""What is known of a call besides the request itself."""

from msgspec import Struct

from lockgate_ports.http import NO_PURPOSE, Purpose


class Context(Struct, frozen=True, kw_only=True):
    """Made by a surface (or by the embedder's call) and passed forward."""

    request_id: str
    surface: str = "embedded"
    """The client's dialect."""
    purpose: Purpose = NO_PURPOSE
    deadline: float | None = None
    """When the caller stops waiting, on the engine's monotonic clock, in seconds."""
