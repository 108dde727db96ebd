"""The aggregate in the Prometheus text format 0.0.4, named as OpenTelemetry's page on Prometheus compatibility says."""

from collections.abc import Iterable
from itertools import accumulate

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from lockgate.adapters.aggregate import Aggregate
from lockgate.adapters.metric_names import Description
from lockgate.adapters.tally import Buckets, Labels


def prometheus_text(aggregate: Aggregate) -> bytes:
    """All of it, as of now."""
    return generate_latest(_Families(aggregate))


class _Families(Collector):
    """What the client library asks for families."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._aggregate = aggregate

    def collect(self) -> Iterable[Metric]:
        for what, read in self._aggregate.counters.items():
            counter = CounterMetricFamily(_plain(what.name), what.text, labels=_plain_names(what))
            for labels, value in read():
                counter.add_metric(_values(what, labels), value)
            yield counter
        for what, read_buckets in self._aggregate.histograms.items():
            unit = "seconds" if what.unit == "s" else ""
            histogram = HistogramMetricFamily(_plain(what.name), what.text, labels=_plain_names(what), unit=unit)
            for labels, buckets in read_buckets():
                histogram.add_metric(_values(what, labels), _running(buckets), buckets.sum)
            yield histogram


def _plain(name: str) -> str:
    return name.replace(".", "_")


def _plain_names(what: Description) -> list[str]:
    return [_plain(name) for name in what.labels]


def _values(what: Description, labels: Labels) -> list[str]:
    """Every family names all its labels; to Prometheus an empty one is absent."""
    return [labels.get(name, "") for name in what.labels]


def _running(buckets: Buckets) -> list[tuple[str, float]]:
    """Prometheus counts in a bucket all that is below it too."""
    names = [*(str(float(bound)) for bound in buckets.bounds), "+Inf"]
    return list(zip(names, accumulate(buckets.counts), strict=True))
