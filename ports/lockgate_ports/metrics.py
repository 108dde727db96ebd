"""MetricsPort: one record a call, for counting."""

from typing import Protocol

from lockgate_ports.records import CallRecord


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
