from itertools import pairwise
from typing import Any

import pytest
from counted import ANSWERED, ATTEMPTS, DURATION, FIRST_CHUNK, OVERFLOW, TOKENS, UNKNOWN, call, families, samples, total

from lockgate.adapters import builtins
from lockgate.adapters.memory_metrics import MemoryMetrics
from lockgate_ports.hooks import BuildContext
from lockgate_ports.records import AttemptRecord
from lockgate_ports.usage import Usage


def test_a_plain_call_shows_its_duration_tokens_and_attempt():
    metrics = MemoryMetrics()
    metrics.record(call())
    metrics.record(call(duration=1.5))
    assert samples(metrics, f"{DURATION}_count") == [(ANSWERED, 2)]
    assert samples(metrics, f"{DURATION}_sum") == [(ANSWERED, 2.0)]
    assert samples(metrics, f"{TOKENS}_sum") == [
        ({**ANSWERED, "gen_ai_token_type": "input"}, 20),
        ({**ANSWERED, "gen_ai_token_type": "output"}, 40),
    ]
    assert samples(metrics, ATTEMPTS) == [({"gen_ai_provider_name": "acme", "gen_ai_request_model": "acme-1"}, 2)]
    assert samples(metrics, f"{FIRST_CHUNK}_count") == []
    assert samples(metrics, UNKNOWN) == []


def test_a_stream_shows_its_time_to_the_first_chunk_and_a_plain_call_never_does():
    metrics = MemoryMetrics()
    metrics.record(call(stream=True, first_token=0.25))
    metrics.record(call(stream=False, first_token=0.25))
    assert samples(metrics, f"{FIRST_CHUNK}_sum") == [(ANSWERED, 0.25)]
    assert samples(metrics, f"{FIRST_CHUNK}_count") == [(ANSWERED, 1)]


def test_failed_attempts_are_counted_beside_the_one_that_answered():
    metrics = MemoryMetrics()
    failed = AttemptRecord("acme", "acme-1", 0.1, "upstream_overloaded")
    metrics.record(call(attempts=(failed, failed, AttemptRecord("spare", "s/1", 0.2))))
    assert samples(metrics, ATTEMPTS) == [
        (
            {"gen_ai_provider_name": "acme", "gen_ai_request_model": "acme-1", "error_type": "upstream_overloaded"},
            2,
        ),
        ({"gen_ai_provider_name": "spare", "gen_ai_request_model": "s/1"}, 1),
    ]


def test_an_error_is_a_label_and_a_call_that_was_never_sent_has_no_unknown_usage():
    metrics = MemoryMetrics()
    refused = call(
        request_model="(unknown)",
        provider_id=None,
        response_model=None,
        attempts=(),
        usage=None,
        error="model_not_found",
    )
    metrics.record(refused)
    assert samples(metrics, f"{DURATION}_count") == [
        (
            {
                "gen_ai_operation_name": "chat",
                "lockgate_surface": "openai-chat",
                "error_type": "model_not_found",
                "gen_ai_request_model": "(unknown)",
            },
            1,
        )
    ]
    assert samples(metrics, UNKNOWN) == []


def test_a_cancelled_call_counts_as_cancelled_and_its_usage_as_unknown():
    metrics = MemoryMetrics()
    metrics.record(call(provider_id=None, response_model=None, attempts=(), usage=None, error="cancelled"))
    [(labels, count)] = samples(metrics, UNKNOWN)
    assert (labels["error_type"], count) == ("cancelled", 1)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(),
        Usage(input_tokens=10),
        Usage(output_tokens=20),
        Usage(input_tokens=-1, output_tokens=20),
        Usage(input_tokens=10, output_tokens=10**400),
    ],
)
def test_unknown_usage_is_counted_as_unknown_and_never_as_zero_tokens(usage: Usage | None):
    metrics = MemoryMetrics()
    metrics.record(call(usage=usage))
    assert samples(metrics, UNKNOWN) == [(ANSWERED, 1)]
    for labels, count in samples(metrics, f"{TOKENS}_count"):
        assert count == 1, labels
    assert total(metrics, f"{TOKENS}_sum") in (0, 10, 20)
    assert len(samples(metrics, f"{TOKENS}_count")) <= 1


def test_shares_of_tokens_are_counters_of_their_own_and_absent_until_reported():
    metrics = MemoryMetrics()
    metrics.record(call())
    assert samples(metrics, "lockgate_tokens_cache_read_total") == []
    metrics.record(call(usage=Usage(input_tokens=9, output_tokens=8, cache_read_tokens=7, reasoning_tokens=0)))
    metrics.record(call(usage=Usage(input_tokens=9, output_tokens=8, cache_read_tokens=2, cache_write_tokens=4)))
    assert samples(metrics, "lockgate_tokens_cache_read_total") == [(ANSWERED, 9)]
    assert samples(metrics, "lockgate_tokens_cache_write_total") == [(ANSWERED, 4)]
    assert samples(metrics, "lockgate_tokens_reasoning_total") == [(ANSWERED, 0)]
    assert total(metrics, f"{TOKENS}_sum") == 10 + 20 + 9 + 8 + 9 + 8


def test_a_value_on_a_bound_falls_into_the_bucket_below_it_and_none_is_lost_above_the_last():
    metrics = MemoryMetrics()
    for seconds in (0.01, 0.011, 500.0):
        metrics.record(call(duration=seconds))
    buckets = [(labels["le"], count) for labels, count in samples(metrics, f"{DURATION}_bucket")]
    assert buckets[:2] == [("0.01", 1), ("0.02", 2)]
    assert buckets[-2:] == [("81.92", 2), ("+Inf", 3)]
    assert all(low <= high for (_, low), (_, high) in pairwise(buckets))


def test_label_sets_are_bounded_and_nothing_goes_uncounted():
    metrics = MemoryMetrics(max_label_sets=5)
    for number in range(100):
        named = f"m{number}"
        metrics.record(
            call(request_model=f"acme/{named}", response_model=named, attempts=(AttemptRecord("acme", named, 0.1),))
        )
    assert len(samples(metrics, f"{DURATION}_count")) == 6
    assert len(samples(metrics, ATTEMPTS)) == 6
    assert total(metrics, f"{DURATION}_count") == total(metrics, ATTEMPTS) == 100
    assert samples(metrics, f"{DURATION}_count")[-1] == (
        {**ANSWERED, "gen_ai_request_model": "(other)", "gen_ai_response_model": "(other)"},
        95,
    )
    assert total(metrics, OVERFLOW) == 95 + 95


def test_label_sets_that_are_known_keep_their_names_once_there_is_no_more_room():
    metrics = MemoryMetrics(max_label_sets=1)
    for model in ("fast\n", "acme/new", "fast\n"):
        metrics.record(call(request_model=model))
    assert samples(metrics, f"{DURATION}_count")[0] == ({**ANSWERED, "gen_ai_request_model": "fast\ufffd"}, 2)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ('say "hi"', 'say "hi"'),
        ("back\\slash", "back\\slash"),
        ('"} 1\nfake_total 99', '"} 1\ufffdfake_total 99'),
        ("two\u2028lines\x85\x00\r", "two\ufffdlines\ufffd\ufffd\ufffd"),
        ("lone \ud800", "lone \ufffd"),
        ("x" * 100_000, "x" * 100),
        ("模型-é", "模型-é"),
    ],
)
def test_hostile_names_of_models_neither_break_the_text_nor_raise(hostile: str, shown: str):
    metrics = MemoryMetrics()
    for _ in range(2):
        metrics.record(
            call(request_model=hostile, response_model=hostile, attempts=(AttemptRecord("acme", hostile, 0.1),))
        )
    labels = {**ANSWERED, "gen_ai_request_model": shown, "gen_ai_response_model": shown}
    assert samples(metrics, f"{DURATION}_count") == [(labels, 2)]
    assert samples(metrics, ATTEMPTS) == [({"gen_ai_provider_name": "acme", "gen_ai_request_model": shown}, 2)]
    assert "fake_total" not in {family.name for family in families(metrics).values()}


def test_names_that_look_alike_once_cleaned_share_one_set_of_labels():
    metrics = MemoryMetrics()
    for response_model in ("", None):
        metrics.record(call(response_model=response_model))
    for request_model in ("a\n", "a\r"):
        metrics.record(call(request_model=request_model))
    assert sorted(count for _, count in samples(metrics, f"{DURATION}_count")) == [2, 2]


def test_a_record_of_the_wrong_types_is_logged_and_fails_no_call(caplog: pytest.LogCaptureFixture):
    metrics = MemoryMetrics()
    wrong: Any = "12"
    metrics.record(call(usage=Usage(input_tokens=wrong)))
    metrics.record(call(request_model=[]))
    assert len([line for line in caplog.records if "not counted" in line.message]) == 2
    assert families(metrics)


def test_an_idle_gateway_shows_every_metric_without_samples_that_were_never_counted():
    shown = families(MemoryMetrics())
    assert {DURATION, FIRST_CHUNK, TOKENS, "lockgate_attempts", "lockgate_calls_usage_unknown"} <= set(shown)
    assert [sample for family in shown.values() for sample in family.samples if sample.name != OVERFLOW] == []


async def test_the_kind_prometheus_builds_it_with_its_bound():
    [factory] = [each for each in builtins.register_metrics() if each.kind == "prometheus"]
    nowhere: Any = None
    metrics = factory.build(factory.settings(max_label_sets=1), BuildContext("metrics", nowhere))
    for model in ("a", "b", "c"):
        metrics.record(call(request_model=model))
    assert b"lockgate_label_overflow_total 2.0" in metrics.exposition()
    await metrics.aclose()
