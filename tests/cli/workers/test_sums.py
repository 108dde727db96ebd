"""What several processes counted, as one."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate.cli.workers.sums import summed
from lockgate_ports.metrics import Note
from lockgate_ports.records import CallRecord
from lockgate_ports.usage import Usage


def counting(*models: str) -> bytes:
    metrics = MemoryMetrics(max_label_sets=100)
    for number, model in enumerate(models):
        usage = Usage(input_tokens=5, output_tokens=number)
        metrics.record(
            CallRecord(
                request_id="r",
                operation="chat",
                surface="s",
                provider_id="p",
                request_model=model,
                response_model=model,
                stream=False,
                duration=0.25 * number,
                first_token=None,
                attempts=(),
                error=None,
                usage=usage,
            )
        )
        metrics.note(Note("egress_denied", "p", f'a "rule" }} {model}'))
    return metrics.exposition()


def read(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_counters_and_histograms_of_processes_are_those_of_one_that_counted_it_all():
    one, other, none = counting("a", "b", "b"), counting("c", "b"), counting()
    together = read(summed([(0, one), (1, other), (2, none)]))
    expected: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for text in (one, other, none):
        for key, value in read(text).items():
            expected[key] = expected.get(key, 0) + value
    assert together == expected
    assert len(together) > 100
    assert summed([(0, one)], kept=summed([(1, other)])) == summed([(0, one)], kept=other)


def test_what_a_sum_means_nothing_of_is_told_for_each_process():
    quantile = b'odd 2\n# HELP s A summary.\n# TYPE s summary\ns{quantile="0.5"} +Inf\n'
    text = quantile + b"# TYPE g gauge\ng 1\n# TYPE c_total counter\nc_total{} 1 1700000000\n"
    assert summed([(0, text), (1, text)], kept=text).decode().splitlines() == [
        'odd{worker="0"} 2.0',
        'odd{worker="1"} 2.0',
        "# HELP s A summary.",
        "# TYPE s summary",
        's{quantile="0.5",worker="0"} +Inf',
        's{quantile="0.5",worker="1"} +Inf',
        "# TYPE g gauge",
        "g 2.0",
        "# TYPE c_total counter",
        "c_total{} 3.0",
    ]


@pytest.mark.parametrize("text", [b"", b"\n", b"# HELP a\n", b"# a comment of some words\n"])
def test_nothing_counted_is_nothing(text: bytes):
    assert read(summed([(0, text)])) == {}
