"""No stream passes as complete that is not."""

import pytest

from lockgate_core.stream_rules import StreamRules
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, Finish, Relayed, Start, TextDelta, UsageReport
from lockgate_ports.usage import Usage


def fed(*events):
    rules = StreamRules()
    for event in events:
        rules.take([event])
    return rules


def test_content_commits_and_a_finish_completes():
    rules = fed(Start(), TextDelta("a"))
    assert rules.committed
    assert not rules.complete
    rules.take([Finish("stop")])
    assert rules.complete


def test_a_start_or_usage_alone_does_not_commit():
    assert not fed(Start(), UsageReport(Usage())).committed


def test_every_choice_that_was_opened_must_finish():
    assert not fed(Start(), TextDelta("a"), TextDelta("b", choice=1), Finish("stop")).complete
    assert fed(Start(), TextDelta("a"), TextDelta("b", choice=1), Finish("stop"), Finish("stop", 1)).complete


@pytest.mark.parametrize(
    "events",
    [
        (TextDelta("a"),),
        (Start(), Start()),
        (Start(), Finish("stop"), Finish("stop")),
        (Start(), TextDelta("a"), Finish("stop"), TextDelta("b")),
    ],
)
def test_events_out_of_place_are_refused(events):
    with pytest.raises(UpstreamError, match="order of events"):
        fed(*events)


def test_relayed_events_are_held_to_the_same_rules():
    rules = fed(Relayed(b"x"))
    assert not rules.committed
    rules.take([Relayed(b"x", content=True, usage=Usage(input_tokens=1))])
    assert rules.committed
    assert rules.usage == Usage(input_tokens=1)
    assert not rules.complete
    rules.take([Relayed(b"x", finishes=(Finish("stop"),))])
    assert rules.complete


def test_a_failure_is_raised_as_the_error_it_holds():
    error = UpstreamError("x", kind="overloaded")
    with pytest.raises(UpstreamError) as caught:
        fed(Start(), Failure(error))
    assert caught.value is error


def test_only_content_and_finishes_are_progress():
    rules = fed(Start(), TextDelta("a"))
    assert rules.progress
    rules.take([])
    assert not rules.progress
    rules.take([Relayed(b": x")])
    assert not rules.progress
