"""A provider as the engine sees it."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from lockgate_ports.model import ModelPort
from lockgate_ports.secret import Secret


class Timeouts(Struct, frozen=True):
    """Seconds. Only content counts as progress: comments, pings and dripped bytes do not."""

    attempt: float
    """One try at a whole answer."""
    first_token: float
    """From sending until a stream's first content."""
    idle: float
    """Between pieces of a stream's content."""
    total: float
    """One call, all tries and all of its stream together."""


class Provider(Struct, frozen=True):
    """A ModelPort, where its key comes from, and how long it may take."""

    provider_id: str
    port: ModelPort
    secret: Callable[[], Awaitable[Secret | None]]
    """The key as it is now, None where it needs none. Raises SettingsError."""
    timeouts: Timeouts
