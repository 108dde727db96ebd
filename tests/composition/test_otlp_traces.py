"""Traces: W3C context in and out, spans named as the conventions name them, exported by the one way out."""

import gzip
from decimal import Decimal
from typing import Any

import opentelemetry.semconv._incubating.attributes.gen_ai_attributes as conventions
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from lockgate.adapters.otlp import OtlpSender
from lockgate.adapters.otlp_traces import OtlpTraces
from lockgate_ports.caller import Caller
from lockgate_ports.records import AttemptRecord, CallRecord, Cost
from lockgate_ports.testkit.scripted import Exchange, ScriptedHttp
from lockgate_ports.tracing import Trace, read_parent
from lockgate_ports.usage import Usage

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NAMES = {value for value in vars(conventions).values() if isinstance(value, str)}
"""The attributes that the conventions' own package knows."""


def call(**changes: Any) -> CallRecord:
    fields: dict[str, Any] = {
        "request_id": "req_1",
        "operation": "chat",
        "request_model": "fast",
        "surface": "openai-chat",
        "caller": Caller(tenant="acme"),
        "route": "fast",
        "provider_id": "two",
        "response_model": "m-2",
        "finish_reasons": ("stop",),
        "stream": True,
        "duration": 2.0,
        "first_token": 1.0,
        "attempts": (
            AttemptRecord("one", "m-1", 0.25, "upstream_transient", began=0.125),
            AttemptRecord("two", "m-2", 0.5, None, "env:K", Usage(input_tokens=3, output_tokens=4), None, 0.5, 2),
        ),
        "usage": Usage(input_tokens=3, output_tokens=4, cache_read_tokens=2, reasoning_tokens=1),
        "cost": Cost(Decimal("0.00125"), "priced"),
        "error": None,
    }
    return CallRecord(**fields | changes)


def traces(http: ScriptedHttp, **changes: Any) -> OtlpTraces:
    settings: dict[str, Any] = {"sample": 1.0, "every": 60.0, "queue": 10}
    return OtlpTraces(OtlpSender(http, "http://127.0.0.1:4318"), **settings | changes)


async def exported(http: ScriptedHttp, kept: OtlpTraces, trace: Trace, *calls: CallRecord) -> list[Any]:
    for each in calls:
        kept.record(each, trace)
    await kept.aclose()
    found: list[Any] = []
    for request in http.requests:
        sent = ExportTraceServiceRequest.FromString(gzip.decompress(request.body))
        found += [span for of in sent.resource_spans for scope in of.scope_spans for span in scope.spans]
    return found


def told(span: Any) -> dict[str, Any]:
    def value(of: Any) -> Any:
        kind = of.WhichOneof("value")
        return [value(each) for each in of.array_value.values] if kind == "array_value" else getattr(of, kind)

    return {each.key: value(each.value) for each in span.attributes}


async def test_a_call_and_its_attempts_are_spans_of_the_callers_trace() -> None:
    http = ScriptedHttp(Exchange())
    kept = traces(http)
    trace = kept.begin(PARENT, "vendor=1")
    assert trace is not None
    assert (trace.trace_id, trace.parent_id, trace.sampled) == (PARENT[3:35], PARENT[36:52], True)
    whole, first, second = await exported(http, kept, trace, call())
    assert whole.name == "chat fast"
    assert whole.parent_span_id.hex() == trace.parent_id
    assert whole.trace_state == "vendor=1"
    assert {span.trace_id.hex() for span in (whole, first, second)} == {trace.trace_id}
    assert [span.parent_span_id for span in (first, second)] == [whole.span_id] * 2
    assert [span.span_id.hex() for span in (first, second)] == [trace.attempt_id(0), trace.attempt_id(1)]
    assert (whole.end_time_unix_nano - whole.start_time_unix_nano) == 2_000_000_000
    assert first.start_time_unix_nano - whole.start_time_unix_nano == 125_000_000
    assert first.end_time_unix_nano - first.start_time_unix_nano == 250_000_000
    assert second.end_time_unix_nano == whole.end_time_unix_nano, "a stream goes on until the call is over"
    assert (first.status.code, told(first)["error.type"]) == (2, "upstream_transient")
    assert told(second)["lockgate.key"] == "env:K"


async def test_every_gen_ai_attribute_is_one_of_the_conventions() -> None:
    http = ScriptedHttp(Exchange())
    kept = traces(http)
    spans = await exported(http, kept, Trace("1" * 32, "2" * 16, None, True), call(prompt_template_id="t"))
    names = {name for span in spans for name in told(span)}
    assert {name for name in names if name.startswith("gen_ai.")} <= NAMES
    assert {"gen_ai.usage.cache_read.input_tokens", "gen_ai.response.finish_reasons", "lockgate.tenant_id"} <= names
    assert told(spans[0])["lockgate.cost.usd"] == 0.00125


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00-xyz",
        PARENT.upper(),
        PARENT + "-more",
        "ff" + PARENT[2:],
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
    ],
)
def test_what_is_no_traceparent_begins_a_new_trace(value: str) -> None:
    assert read_parent(value) is None
    trace = traces(ScriptedHttp()).begin(value, None)
    assert trace is not None
    assert trace.parent_id is None


def test_a_caller_that_does_not_sample_is_not_sampled_but_told_on() -> None:
    trace = traces(ScriptedHttp()).begin(PARENT[:-1] + "0", None)
    assert trace is not None
    assert not trace.sampled
    assert trace.parent_of_attempt(0).endswith("-00")
    assert read_parent("01" + PARENT[2:] + "-later") == read_parent(PARENT), "later versions may say more"


def test_without_a_share_nothing_begins() -> None:
    assert traces(ScriptedHttp(), sample=0.0).begin(None, None) is None


def test_an_embedders_current_span_is_the_parent() -> None:
    span = NonRecordingSpan(SpanContext(7, 9, is_remote=False, trace_flags=TraceFlags(1)))
    with use_span(span):
        trace = traces(ScriptedHttp()).begin(None, None)
    assert trace is not None
    assert (int(trace.trace_id, 16), trace.parent_id, trace.sampled) == (7, f"{9:016x}", True)


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float, _: object = None) -> None:
        slept.append(seconds)

    monkeypatch.setattr("lockgate.adapters.otlp.asyncio.sleep", sleep)
    http = ScriptedHttp(*[Exchange(status=503)] * 4)
    kept = traces(http, queue=2)
    trace = Trace("1" * 32, "2" * 16, None, True)
    for _ in range(3):
        kept.record(call(), trace)
    assert kept.dropped == 1
    await kept.aclose()
    assert kept.dropped == 3
    assert len(http.requests) == 4
    assert "does not take what is exported: HTTP 503" in caplog.text
