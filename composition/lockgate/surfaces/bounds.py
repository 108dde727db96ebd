"""What a client may take of the server, whatever framework serves it."""

from msgspec import Struct

from lockgate_ports.errors import TooLarge, TooSlow

_SLOWEST = 64 * 1024
"""Bytes per second that a body which takes longer than `body_timeout` must keep up."""


class Bounds(Struct, frozen=True):
    """Bytes of body, seconds over a request's head and its body, seconds of silence before a stream is pinged, and
    seconds for which a connection waits for its next request."""

    max_body_bytes: int
    header_timeout: float
    body_timeout: float
    ping_interval: float = 15.0
    idle_timeout: float = 75.0

    def patience(self, received: int) -> float:
        """Seconds from the beginning of a body within which more must come, when `received` bytes are here."""
        return self.body_timeout + received / _SLOWEST

    def too_large(self) -> TooLarge:
        """The refusal of a body that is too long."""
        return TooLarge(f"the body is larger than the {self.max_body_bytes} bytes that this server takes")

    def too_slow(self) -> TooSlow:
        """The refusal of a body that does not arrive."""
        return TooSlow(f"the body did not arrive within {self.body_timeout:g} s")
