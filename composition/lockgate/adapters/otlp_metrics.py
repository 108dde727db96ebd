"""MetricsPort that is exported to a collector by OTLP, and shown as text besides."""

import asyncio
from typing import Any

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData

from lockgate.adapters.otel_metrics import OtelMetrics
from lockgate.adapters.otlp import OtlpSender
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord


class OtlpMetrics:
    """The same counts as those of OtelMetrics. Open it where an event loop runs: exports leave by it."""

    def __init__(self, sender: OtlpSender, *, every: float, max_label_sets: int = 1_000) -> None:
        self._sender = sender
        exporter = _ByTheLoop(sender, asyncio.get_running_loop())
        self._metrics = OtelMetrics(max_label_sets=max_label_sets, exporters=[exporter], export_every=every)

    def record(self, call: CallRecord) -> None:
        """Take note of one finished call."""
        self._metrics.record(call)

    def note(self, note: Note) -> None:
        """Take note of what is no call."""
        self._metrics.note(note)

    def exposition(self) -> bytes:
        """All that was counted, in the Prometheus text format 0.0.4."""
        return self._metrics.exposition()

    async def aclose(self) -> None:
        """Export what is left."""
        await self._metrics.aclose()
        await self._sender.aclose()


class _ByTheLoop(MetricExporter):
    """Called in a thread of the SDK's; sends by the gateway's own loop."""

    def __init__(self, sender: OtlpSender, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._sender = sender
        self._loop = loop

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Blocks until it is sent, `timeout_millis` at most."""
        body: bytes = encode_metrics(metrics_data).SerializeToString()
        sent = asyncio.run_coroutine_threadsafe(self._sender.send("/v1/metrics", body), self._loop)
        try:
            taken = sent.result(timeout_millis / 1000)
        except TimeoutError:
            sent.cancel()
            taken = False
        return MetricExportResult.SUCCESS if taken else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Nothing is held back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        """Whoever made the sender closes it."""
