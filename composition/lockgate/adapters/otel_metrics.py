"""MetricsPort whose counts are handed over to exporters of the OpenTelemetry SDK."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from time import time_ns
from typing import Any

from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
    ScopeMetrics,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from lockgate.adapters.aggregate import Aggregate, Points
from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate.adapters.otel_resource import RESOURCE
from lockgate.adapters.tally import Buckets, Labels
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord

_SCOPE = "lockgate"
_FLUSH_MILLISECONDS = 10_000


class OtelMetrics:
    """The same counts as those of MemoryMetrics. `exporters` get everything, cumulative, each `export_every` seconds
    from a thread of the SDK's, and once more at `aclose`.

    The text is made from the counts themselves, so that it is whole where the environment switches the SDK off
    (`OTEL_SDK_DISABLED`). More than 2,000 label sets a counter some versions of the SDK fold into one.
    """

    def __init__(
        self, *, exporters: Sequence[MetricExporter], max_label_sets: int = 1_000, export_every: float = 60.0
    ) -> None:
        self._counted = MemoryMetrics(max_label_sets=max_label_sets)
        aggregate = self._counted.aggregate
        self._provider = MeterProvider(
            [
                PeriodicExportingMetricReader(_Complete(exporter, aggregate), export_every * 1000)
                for exporter in exporters
            ],
            resource=RESOURCE,
            shutdown_on_exit=False,
        )
        meter = self._provider.get_meter(_SCOPE)
        for what, read in aggregate.counters.items():
            meter.create_observable_counter(what.name, [partial(_observe, read)], what.unit, what.text)

    def record(self, call: CallRecord) -> None:
        """Take note of one finished call. Call it from one thread."""
        self._counted.record(call)

    def note(self, note: Note) -> None:
        """Take note of what is no call."""
        self._counted.note(note)

    def exposition(self) -> bytes:
        """All that was counted, in the Prometheus text format 0.0.4. Any thread may ask."""
        return self._counted.exposition()

    async def aclose(self) -> None:
        """Export what is left; gives up on an exporter after some 10 s."""
        await asyncio.to_thread(self._provider.shutdown, _FLUSH_MILLISECONDS)


class _Complete(MetricExporter):
    """Adds the histograms to what another exporter is given: the SDK has no histogram that is read by a callback."""

    def __init__(self, exporter: MetricExporter, aggregate: Aggregate) -> None:
        super().__init__()
        self._exporter: Any = exporter  # the SDK leaves parts of its signatures untyped
        self._aggregate = aggregate
        self._started = time_ns()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **kwargs: Any) -> MetricExportResult:
        """Never without data: the overflow counter always has a point."""
        first, *rest = metrics_data.resource_metrics
        added = ScopeMetrics(InstrumentationScope(_SCOPE), _histograms(self._aggregate, self._started), "")
        whole = replace(first, scope_metrics=[*first.scope_metrics, added])
        result: MetricExportResult = self._exporter.export(MetricsData([whole, *rest]), timeout_millis, **kwargs)
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        done: bool = self._exporter.force_flush(timeout_millis)
        return done

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: Any) -> None:
        self._exporter.shutdown(timeout_millis, **kwargs)


def _observe(read: Callable[[], Points], options: CallbackOptions) -> Iterable[Observation]:
    return [Observation(value, labels) for labels, value in read()]


def _histograms(aggregate: Aggregate, started: int) -> list[Metric]:
    now = time_ns()
    return [
        Metric(
            what.name,
            what.text,
            what.unit,
            Histogram([_point(*each, started, now) for each in read()], AggregationTemporality.CUMULATIVE),
        )
        for what, read in aggregate.histograms.items()
    ]


def _point(labels: Labels, buckets: Buckets, started: int, now: int) -> HistogramDataPoint:
    counts = tuple(buckets.counts)
    return HistogramDataPoint(
        attributes=labels,
        start_time_unix_nano=started,
        time_unix_nano=now,
        count=sum(counts),
        sum=buckets.sum,
        bucket_counts=counts,
        explicit_bounds=buckets.bounds,
        min=buckets.smallest,
        max=buckets.largest,
    )
