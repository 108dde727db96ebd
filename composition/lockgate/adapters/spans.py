"""Spans of one call and its attempts, as OpenTelemetry's conventions for generative AI name them (client spans)."""

from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from lockgate.adapters.otel_resource import RESOURCE
from lockgate_ports.journal import LOST
from lockgate_ports.records import AttemptRecord, CallRecord
from lockgate_ports.tracing import Trace

_SCOPE = InstrumentationScope("lockgate")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_NANO = 1_000_000_000


def spans(call: CallRecord, trace: Trace, ended: int) -> Iterator[ReadableSpan]:
    """The call's span, then one for each attempt. `ended` is in nanoseconds since 1970."""
    began = ended - int(call.duration * _NANO)
    parent = None if trace.parent_id is None else _context(trace, trace.parent_id)
    own = _context(trace, trace.span_id)
    kind = SpanKind.INTERNAL if call.surface == "embedded" else SpanKind.SERVER
    name = f"{call.operation} {call.request_model}"
    yield _span(name, own, parent, kind, _of_call(call), began, ended, call.error)
    answered = next((each.number for each in reversed(call.attempts) if each.error != LOST), 0)
    for attempt in call.attempts:
        start = began + int(attempt.began * _NANO)
        # An attempt that streams is written down at its first content, and goes on until the call is over.
        streams = attempt.number == answered and call.stream and call.first_token is not None
        end = ended if streams else min(ended, start + int(attempt.duration * _NANO))
        name = f"{call.operation} {attempt.model}"
        context = _context(trace, trace.attempt_id(attempt.number - 1))
        yield _span(name, context, own, SpanKind.CLIENT, _of_attempt(call, attempt), start, end, attempt.error)


def _of_call(call: CallRecord) -> dict[str, Any]:
    usage, cost, caller = call.usage, call.cost, call.caller
    told: dict[str, Any] = {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": call.provider_id,
        "gen_ai.request.model": call.request_model,
        "gen_ai.request.stream": call.stream,
        "gen_ai.response.model": call.response_model,
        "gen_ai.response.finish_reasons": [reason or "unknown" for reason in call.finish_reasons] or None,
        "gen_ai.response.time_to_first_chunk": call.first_token,
        "gen_ai.prompt.name": call.prompt_template_id,
        "error.type": call.error,
        "lockgate.surface": call.surface,
        "lockgate.request_id": call.request_id,
        "lockgate.route": call.route,
        "lockgate.profile_id": call.profile_id,
        "lockgate.prompt_version": call.prompt_version,
        "lockgate.attempts": len(call.attempts),
        "lockgate.tenant_id": caller.tenant,
        "lockgate.user_id": caller.user,
        "lockgate.key_id": caller.key_id,
    }
    if usage is not None:
        told |= {
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        }
    if cost is not None:
        told |= {"lockgate.cost.usd": None if cost.usd is None else float(cost.usd), "lockgate.cost.basis": cost.basis}
    return told


def _of_attempt(call: CallRecord, attempt: AttemptRecord) -> dict[str, Any]:
    told: dict[str, Any] = {
        "gen_ai.operation.name": call.operation,
        "gen_ai.provider.name": attempt.provider_id,
        "gen_ai.request.model": attempt.model,
        "error.type": attempt.error,
        "lockgate.key": attempt.key,
        "lockgate.attempt": attempt.number,
    }
    if attempt.usage is not None:
        told["gen_ai.usage.input_tokens"] = attempt.usage.input_tokens
        told["gen_ai.usage.output_tokens"] = attempt.usage.output_tokens
    return told


def _context(trace: Trace, span_id: str) -> SpanContext:
    state = TraceState.from_header([trace.state]) if trace.state else None
    return SpanContext(
        int(trace.trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED, trace_state=state
    )


def _span(
    name: str,
    context: SpanContext,
    parent: SpanContext | None,
    kind: SpanKind,
    told: dict[str, Any],
    began: int,
    ended: int,
    error: str | None,
) -> ReadableSpan:
    return ReadableSpan(
        name=name,
        context=context,
        parent=parent,
        resource=RESOURCE,
        attributes={key: value for key, value in told.items() if value is not None},
        kind=kind,
        status=Status(StatusCode.UNSET) if error is None else Status(StatusCode.ERROR, error),
        start_time=began,
        end_time=ended,
        instrumentation_scope=_SCOPE,
    )
