import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from counted import ATTEMPTS, DURATION, call, families, total
from opentelemetry.sdk.metrics import export

from lockgate.adapters.otel_metrics import OtelMetrics
from lockgate_ports.usage import Usage


class Kept(export.MetricExporter):
    """An exporter that keeps what it was given last."""

    def __init__(self) -> None:
        super().__init__()
        self.exports: list[export.MetricsData] = []
        self.closed = False

    def export(
        self, metrics_data: export.MetricsData, timeout_millis: float = 10_000, **_: Any
    ) -> export.MetricExportResult:
        self.exports.append(metrics_data)
        return export.MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        self.closed = True

    def points(self) -> Iterator[tuple[str, Any]]:
        for resource in self.exports[-1].resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield from ((metric.name, point) for point in metric.data.data_points)


async def test_an_exporter_gets_the_same_numbers_as_the_text():
    kept = Kept()
    metrics = OtelMetrics(exporters=[kept], export_every=3600)
    metrics.record(call())
    metrics.record(call(duration=2.0, stream=True, first_token=0.25, usage=Usage(input_tokens=1, cache_read_tokens=1)))
    metrics.record(call(error="upstream_timeout", usage=None, provider_id=None, response_model=None))
    await metrics.aclose()
    assert kept.closed

    seen: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for name, point in kept.points():
        plain = name.replace(".", "_")
        labels = frozenset((key.replace(".", "_"), value) for key, value in point.attributes.items())
        if isinstance(point, export.HistogramDataPoint):
            suffix = "_seconds" if "operation" in plain else ""
            seen[f"{plain}{suffix}_sum", labels] = point.sum
            seen[f"{plain}{suffix}_count", labels] = point.count
            assert point.count == sum(point.bucket_counts)
            assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
            assert 0 < point.min <= point.max < 100
        else:
            seen[f"{plain}_total", labels] = point.value
    text = {
        (sample.name, frozenset((key, value) for key, value in sample.labels.items() if value)): sample.value
        for family in families(metrics).values()
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }
    assert seen == text
    assert len(text) > 10


async def test_an_exporter_gets_the_durations_when_no_call_got_as_far_as_an_attempt():
    kept = Kept()
    metrics = OtelMetrics(exporters=[kept], export_every=3600)
    metrics.record(call(attempts=(), usage=None, error="model_not_found"))
    await metrics.aclose()
    assert [point.count for name, point in kept.points() if name == "gen_ai.client.operation.duration"] == [1]


async def test_an_exporter_gets_more_after_each_interval():
    kept = Kept()
    metrics = OtelMetrics(exporters=[kept], export_every=0.01)
    metrics.record(call())
    for _ in range(500):
        if len(kept.exports) > 1:
            break
        await asyncio.sleep(0.01)
    assert len(kept.exports) > 1
    await metrics.aclose()


def test_the_text_is_whole_where_the_environment_switches_the_sdk_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    metrics = OtelMetrics(exporters=[])
    metrics.record(call())
    assert total(metrics, ATTEMPTS) == total(metrics, f"{DURATION}_count") == 1
