"""What is counted, against the package of OpenTelemetry's own semantic conventions."""

import inspect
from typing import Any

import opentelemetry.semconv._incubating.attributes.gen_ai_attributes as attributes
import opentelemetry.semconv._incubating.metrics.gen_ai_metrics as conventions
import pytest

from lockgate.adapters import metric_names
from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate.adapters.metric_names import Description
from lockgate_ports.records import PACE_BOUNDS, Pace

OURS = {each.name: each for each in vars(metric_names).values() if isinstance(each, Description)}
KNOWN = {value for value in vars(attributes).values() if isinstance(value, str)} | {"error.type"}


class Meter:
    """Keeps what an instrument is made with."""

    def create_histogram(self, name: str, description: str, unit: str, **_: Any) -> tuple[str, str, str]:
        return "histogram", name, unit


THEIRS = {
    name: make
    for name, make in inspect.getmembers(conventions, inspect.isfunction)
    if name.startswith("create_gen_ai_client_")
}


@pytest.mark.parametrize("make", THEIRS.values(), ids=list(THEIRS))
def test_each_client_metric_of_the_conventions_is_there_with_its_name_its_unit_and_as_a_histogram(make: Any) -> None:
    kind, name, unit = make(Meter())
    assert OURS[name].unit == unit
    assert kind == "histogram"
    assert OURS[name] in MemoryMetrics().aggregate.histograms


def test_no_name_is_made_up_in_the_conventions_name() -> None:
    theirs = {value for name, value in vars(conventions).items() if name.startswith("GEN_AI_")}
    for name, each in OURS.items():
        assert name in theirs or name.startswith("lockgate.")
        assert {label for label in each.labels if not label.startswith("lockgate.")} <= KNOWN
    assert len(THEIRS) == 4


def test_the_pace_of_a_stream_is_counted_by_its_bounds() -> None:
    from lockgate_core.pace import paced

    assert paced(None, []) is None
    pace = paced(None, [0.005, 0.01, 0.011, 100.0])
    assert pace == Pace((2, 1, *[0] * 12, 1), pytest.approx(100.026), 0.005, 100.0)
    assert len(pace.counts) == len(PACE_BOUNDS) + 1
    assert paced(paced(None, [0.011, 100.0]), [0.01, 0.005]) == pace, "told in parts it is the same"
