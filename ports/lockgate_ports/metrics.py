"""MetricsPort: one record a call, for counting."""

from typing import Protocol

from msgspec import Struct

from lockgate_ports.usage import Usage


class AttemptRecord(Struct, frozen=True):
    """One try at one target. `error` is the error's code, None when it answered. Times are in seconds.

    `key` is the reference of the key that was used (`env:OPENAI_API_KEY`), None where none is needed.
    """

    provider_id: str
    model: str
    duration: float
    error: str | None = None
    key: str | None = None


class CallRecord(Struct, frozen=True, kw_only=True):
    """One call from its arrival to its last byte. Times are in seconds; `usage` None means not reported."""

    operation: str
    request_model: str
    """The name the client asked for, or `(unknown)` when nothing has that name, so that labels stay bounded."""
    surface: str
    """The client's dialect, or `embedded`."""
    provider_id: str | None
    """Who answered; None when nobody did."""
    response_model: str | None
    stream: bool
    duration: float
    first_token: float | None
    attempts: tuple[AttemptRecord, ...]
    usage: Usage | None
    error: str | None
    """The error's code; `cancelled` when the client went away; None for an answer."""


class MetricsPort(Protocol):
    """Counts. Never blocks, never raises."""

    def record(self, call: CallRecord) -> None:
        """Take note of one finished call."""
        ...

    def exposition(self) -> bytes:
        """All that was counted, in the Prometheus text format 0.0.4; empty where it is exported otherwise."""
        ...

    async def aclose(self) -> None:
        """Export what is left."""
        ...
