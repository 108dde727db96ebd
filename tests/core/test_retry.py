"""What follows a failed try."""

import pytest

from lockgate_core.retry import NEXT, STOP, Move, RetryPolicy, after
from lockgate_ports.errors import Busy, EgressDenied, InvalidRequest, Unsupported, UpstreamError

POLICY = RetryPolicy(max_attempts=3, base_delay=1, max_delay=3, max_retry_after=5)


def fault(kind: str, **more) -> UpstreamError:
    return UpstreamError("x", kind=kind, **more)


@pytest.mark.parametrize("kind", ["invalid_request", "context_length", "content_filter"])
@pytest.mark.parametrize("spare", [True, False])
def test_a_request_that_is_bad_everywhere_is_asked_once(kind: str, spare: bool):
    assert after(fault(kind), 1, spare, POLICY, 0.5) == STOP


@pytest.mark.parametrize("kind", ["auth", "permission", "quota", "not_found", "fatal"])
def test_what_does_not_heal_goes_to_the_next_target_at_once(kind: str):
    assert after(fault(kind), 1, False, POLICY, 0.5) == NEXT


@pytest.mark.parametrize("error", [EgressDenied("x", rule="r", provider_id="p"), Unsupported("x"), Busy("full")])
def test_what_this_target_may_not_or_cannot_do_another_may(error):
    assert after(error, 1, False, POLICY, 0.5) == NEXT


def test_a_fault_of_the_caller_stops():
    assert after(InvalidRequest("x"), 1, True, POLICY, 0.5) == STOP


def test_transient_faults_back_off_with_full_jitter_up_to_the_longest_delay():
    assert after(fault("transient"), 1, True, POLICY, 0.5) == Move("again", 1.0)
    assert after(fault("overloaded"), 2, False, POLICY, 0.5) == Move("again", 1.5)
    assert after(fault("transient"), 3, False, POLICY, 0.5) == NEXT


@pytest.mark.parametrize("spare", [True, False])
def test_what_would_come_out_the_same_is_not_asked_of_the_same_target_again(spare: bool):
    assert after(fault("transient", again=False), 1, spare, POLICY, 0.5) == NEXT
    assert after(fault("overloaded", again=False, retry_after=1.0), 1, spare, POLICY, 0.5) == NEXT


def test_retry_after_is_obeyed_up_to_its_limit():
    assert after(fault("overloaded", retry_after=4.0), 1, False, POLICY, 0.5) == Move("again", 4.0)
    assert after(fault("rate_limit", retry_after=4.0), 1, False, POLICY, 0.5) == Move("again", 4.0)
    assert after(fault("rate_limit", retry_after=3600.0), 1, False, POLICY, 0.5) == NEXT


def test_a_rate_limit_or_timeout_is_tried_elsewhere_first():
    assert after(fault("rate_limit", retry_after=1.0), 1, True, POLICY, 0.5) == NEXT
    assert after(fault("timeout", upstream_status=504), 1, True, POLICY, 0.5) == NEXT
    assert after(fault("timeout", upstream_status=504), 1, False, POLICY, 0.5).to == "again"


def test_a_target_that_answers_nothing_at_all_is_not_asked_twice():
    assert after(fault("timeout"), 1, False, POLICY, 0.5) == NEXT
