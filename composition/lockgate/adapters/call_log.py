"""A line in the log for each call, with the ids of its record and its spans: made where somebody reads `info`."""

import logging
from typing import Any

from lockgate_ports.metrics import MetricsPort, Note
from lockgate_ports.records import CallRecord

_log = logging.getLogger("lockgate.calls")


def logged(metrics: MetricsPort) -> MetricsPort:
    """`metrics`, with a line for each call where the log takes lines of this level; else itself."""
    return CallLog(metrics) if _log.isEnabledFor(logging.INFO) else metrics


class CallLog:
    """A MetricsPort in front of another one. A line holds no prompt and no answer."""

    def __init__(self, metrics: MetricsPort) -> None:
        self._metrics = metrics

    def record(self, call: CallRecord) -> None:
        """Counts it, and says what became of it."""
        self._metrics.record(call)
        fields = _fields(call)
        whom = f" -> {fields['target']}" if "target" in fields else ""
        more = ", ".join(f"{name} {fields[name]}" for name in _SAID if name in fields)
        message = f"{call.request_id} {fields['outcome']}: {call.operation} {call.request_model}{whom}, {more}"
        # A client chooses names, and must not begin a line of its own.
        _log.info("%s", "".join(mark if mark.isprintable() else "?" for mark in message), extra={"fields": fields})

    def note(self, note: Note) -> None:
        """As the one behind it."""
        self._metrics.note(note)

    def exposition(self) -> bytes:
        """As the one behind it."""
        return self._metrics.exposition()

    async def aclose(self) -> None:
        """As the one behind it."""
        await self._metrics.aclose()


_SAID = ("seconds", "input_tokens", "output_tokens", "usd", "tenant_id", "user_id", "key_id", "trace_id")


def _fields(call: CallRecord) -> dict[str, Any]:
    caller, usage, cost = call.caller, call.usage, call.cost
    last = call.attempts[-1] if call.attempts else None
    told: dict[str, Any] = {
        "request_id": call.request_id,
        "trace_id": call.trace_id,
        "outcome": call.error or "ok",
        "operation": call.operation,
        "surface": call.surface,
        "model": call.request_model,
        "route": call.route,
        "profile_id": call.profile_id,
        "target": None if last is None else f"{last.provider_id}/{last.model}",
        "attempts": len(call.attempts),
        "stream": call.stream,
        "seconds": round(call.duration, 3),
        "first_token": None if call.first_token is None else round(call.first_token, 3),
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "usd": None if cost is None or cost.usd is None else f"{cost.usd:f}",
        "tenant_id": caller.tenant,
        "user_id": caller.user,
        "key_id": caller.key_id,
    }
    return {name: value for name, value in told.items() if value is not None}
