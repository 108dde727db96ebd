"""A call as part of a trace: joined from the client, told to whom settings name, exported to a collector."""

import asyncio
import gzip
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway import CANARY, serving, settings
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from upstream import CLOSE, SSE_HEAD, Seen, Upstream, answer, http, upstream

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def collector() -> AsyncIterator[Upstream]:
    async with upstream() as up:
        up.say([http(b"", content_type="application/x-protobuf")])
        yield up


def with_traces(up: Upstream, collector: Upstream, **more: Any) -> dict[str, Any]:
    config = settings(up.url, traces={"kind": "otlp", "endpoint": f"http://127.0.0.1:{collector.port}", **more})
    config["providers"]["told"] = config["providers"]["up"] | {"send_traceparent": True}
    config["routes"]["fast"] = {"targets": ["up/m", "told/m"]}
    return config


def spans_of(collector: Upstream) -> list[Any]:
    sent = [ExportTraceServiceRequest.FromString(gzip.decompress(seen.body)) for seen in collector.seen]
    return [span for each in sent for of in each.resource_spans for scope in of.scope_spans for span in scope.spans]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_trace_goes_from_the_client_to_the_provider_that_may_know(collector: Upstream, stream: bool) -> None:
    chunk = json.dumps({"id": "c", "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]})
    good = [SSE_HEAD + f"data: {chunk}\n\ndata: [DONE]\n\n".encode(), CLOSE] if stream else [answer()]
    async with upstream() as up:
        up.say([http(b"{}", 400)], good)
        config = with_traces(up, collector)
        config["routes"]["fast"]["fallbacks"] = {"invalid_request": ["told/m"]}
        config["routes"]["fast"]["targets"] = ["up/m"]
        async with serving(config) as served:
            told = await served.ask(ASK | {"stream": stream}, headers={"traceparent": PARENT, "tracestate": "v=1"})
            assert told.status == 200
        first, second = up.seen
    assert "traceparent" not in first.headers
    call, refused, answered = spans_of(collector)
    assert call.trace_id.hex() == TRACE
    assert call.parent_span_id.hex() == PARENT[36:52]
    assert second.headers["traceparent"] == f"00-{TRACE}-{answered.span_id.hex()}-01"
    assert second.headers["tracestate"] == "v=1"
    assert refused.status.code == 2
    assert answered.end_time_unix_nano <= call.end_time_unix_nano
    assert CANARY.encode() not in gzip.decompress(collector.seen[0].body)


@pytest.mark.parametrize(
    ("sent", "passed"), [(PARENT, PARENT), (PARENT[:-2] + "00", PARENT[:-2] + "00"), ("nonsense", None), (None, None)]
)
async def test_without_an_exporter_the_clients_trace_goes_on_unchanged_and_is_in_the_ledger(
    tmp_path: Path, sent: str | None, passed: str | None
) -> None:
    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url, ledger={"kind": "sqlite", "path": str(tmp_path / "ledger.db")})
        config["providers"]["told"] = config["providers"]["up"] | {"send_traceparent": True}
        config["routes"]["fast"] = {"targets": ["told/m"]}
        async with serving(config) as served:
            headers = {} if sent is None else {"traceparent": sent, "tracestate": "v=1"}
            assert (await served.ask(ASK, headers=headers)).status == 200
            await served.ask(ASK | {"model": "up/m"}, headers=headers)
        told, untold = up.seen
    assert told.headers.get("traceparent") == passed
    assert told.headers.get("tracestate") == (None if passed is None else "v=1")
    assert "traceparent" not in untold.headers
    store = sqlite3.connect(tmp_path / "ledger.db")
    [first, _] = store.execute("SELECT body FROM rows WHERE kind IS NULL ORDER BY number").fetchall()
    assert json.loads(first[0])["call"]["trace_id"] == (None if passed is None else TRACE)


async def test_a_caller_that_keeps_no_trace_costs_no_export(collector: Upstream) -> None:
    async with upstream() as up:
        up.say([answer()])
        async with serving(with_traces(up, collector, sample=0.0)) as served:
            assert (await served.ask(ASK)).status == 200
            assert (await served.ask(ASK, headers={"traceparent": PARENT[:-1] + "0"})).status == 200
    assert collector.seen == []


async def test_the_policy_is_asked_before_anything_is_exported(collector: Upstream) -> None:
    async with upstream() as up:
        up.say([answer()])
        config = with_traces(up, collector, endpoint="http://169.254.169.254:4318", every=0.01)
        async with serving(config) as served:
            assert (await served.ask(ASK)).status == 200
            while not re.search(
                r'lockgate_egress_denied\w*\{[^}]*"traces"', served.gateway.metrics.exposition().decode()
            ):
                await asyncio.sleep(0.01)


async def test_metrics_are_exported_as_they_are_shown(collector: Upstream) -> None:
    async with upstream() as up:
        up.say([answer()])
        config = settings(up.url, metrics={"kind": "otlp", "endpoint": f"http://127.0.0.1:{collector.port}"})
        async with serving(config) as served:
            assert (await served.ask(ASK)).status == 200
            assert "gen_ai_client_operation_duration" in (await served.get("/metrics")).body.decode()
    last: Seen = collector.seen[-1]
    assert last.path == "/v1/metrics"
    sent = ExportMetricsServiceRequest.FromString(gzip.decompress(last.body))
    names = {metric.name for of in sent.resource_metrics for scope in of.scope_metrics for metric in scope.metrics}
    assert {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"} <= names
