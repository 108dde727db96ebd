"""MetricsPort in memory: counted in plain dicts, written out as text when somebody asks."""

import logging

from lockgate.adapters.aggregate import Aggregate
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord

_log = logging.getLogger(__name__)


class MemoryMetrics:
    """Names and buckets as in OpenTelemetry's semantic conventions for generative AI metrics; `gen_ai.provider.name` is
    the provider_id. `aggregate` holds the numbers, for whatever exports them."""

    def __init__(self, *, max_label_sets: int = 1_000) -> None:
        self.aggregate = Aggregate(max_label_sets)

    def record(self, call: CallRecord) -> None:
        """Take note of one finished call. Call it from one thread."""
        try:
            self.aggregate.add(call)
        except Exception:  # noqa: BLE001 - logged; no call may fail because of how it is counted
            _log.exception("a call was not counted: some part of its record is not of the type it should have")

    def note(self, note: Note) -> None:
        """Take note of what is no call."""
        self.aggregate.note(note)

    def exposition(self) -> bytes:
        """All that was counted, in the Prometheus text format 0.0.4. Any thread may ask."""
        # The client library brings an HTTP server, and many gateways are never scraped.
        from lockgate.adapters.prometheus_text import prometheus_text

        return prometheus_text(self.aggregate)

    async def aclose(self) -> None:
        """Nothing is open."""
