"""Calls to count, and what the text says of them."""

from typing import Any

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from lockgate_ports.metrics import MetricsPort
from lockgate_ports.records import AttemptRecord, CallRecord
from lockgate_ports.usage import Usage

DURATION = "gen_ai_client_operation_duration_seconds"
FIRST_CHUNK = "gen_ai_client_operation_time_to_first_chunk_seconds"
TOKENS = "gen_ai_client_token_usage"
UNKNOWN = "lockgate_calls_usage_unknown_total"
ATTEMPTS = "lockgate_attempts_total"
OVERFLOW = "lockgate_label_overflow_total"
ANSWERED = {
    "gen_ai_operation_name": "chat",
    "lockgate_surface": "openai-chat",
    "gen_ai_provider_name": "acme",
    "gen_ai_request_model": "fast",
    "gen_ai_response_model": "acme-1",
}


def call(**changes: Any) -> CallRecord:
    fields: dict[str, Any] = {
        "request_id": "req_1",
        "operation": "chat",
        "request_model": "fast",
        "surface": "openai-chat",
        "provider_id": "acme",
        "response_model": "acme-1",
        "stream": False,
        "duration": 0.5,
        "first_token": None,
        "attempts": (AttemptRecord("acme", "acme-1", 0.5),),
        "usage": Usage(input_tokens=10, output_tokens=20),
        "error": None,
    }
    return CallRecord(**fields | changes)


def families(metrics: MetricsPort) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}


def samples(metrics: MetricsPort, name: str) -> list[tuple[dict[str, str], float]]:
    """Labels and value of each sample called `name`; a label that is empty is absent."""
    return [
        ({key: value for key, value in sample.labels.items() if value}, sample.value)
        for family in families(metrics).values()
        for sample in family.samples
        if sample.name == name
    ]


def total(metrics: MetricsPort, name: str) -> float:
    return sum(value for _, value in samples(metrics, name))
