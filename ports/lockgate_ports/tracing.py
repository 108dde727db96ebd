"""TracesPort: calls as spans of a distributed trace, built when a call is over. W3C Trace Context, level 1."""

import re
from typing import Protocol

from msgspec import Struct

from lockgate_ports.records import CallRecord

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_STEP = 0x9E3779B97F4A7C15
_MOST_STATE = 512
_MASK = (1 << 64) - 1


class Trace(Struct, frozen=True):
    """Where one call stands in a trace. Ids are lower-case hex: 32 digits the trace's, 16 a span's."""

    trace_id: str
    span_id: str
    """The call's own span."""
    parent_id: str | None = None
    """The span of whoever called; None when the trace begins here."""
    sampled: bool = False
    """Its spans are exported."""
    state: str = ""
    """`tracestate`, as it came."""
    passed: bool = False
    """No span is made here: what an attempt sends is what the client sent."""

    def attempt_id(self, index: int) -> str:
        """The span of the attempt `index` (from 0 up): told from the call's own, so that nobody need keep it."""
        if self.passed:
            return self.span_id
        return f"{(int(self.span_id, 16) + (index + 1) * _STEP) & _MASK or 1:016x}"

    def parent_of_attempt(self, index: int) -> str:
        """`traceparent` for what an attempt sends."""
        return f"00-{self.trace_id}-{self.attempt_id(index)}-{'01' if self.sampled else '00'}"


def read_parent(value: str) -> tuple[str, str, bool] | None:
    """Trace id, span id and whether it is sampled, from a `traceparent`; None where it is none, which begins a new
    trace."""
    match = _PARENT.fullmatch(value)
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    if not match[2].strip("0") or not match[3].strip("0"):
        return None
    return match[2], match[3], bool(int(match[4], 16) & 1)


def passed_on(traceparent: str, tracestate: str | None) -> Trace | None:
    """The client's trace, for a gateway that makes no spans (Trace Context, 4.3: it goes on unchanged)."""
    parent = read_parent(traceparent)
    if parent is None:
        return None
    trace_id, span_id, sampled = parent
    return Trace(trace_id, span_id, span_id, sampled, kept_state(tracestate), passed=True)


def kept_state(tracestate: str | None) -> str:
    """As it came; nothing of one that is longer than anybody must carry."""
    return tracestate if tracestate is not None and len(tracestate) <= _MOST_STATE else ""


class TracesPort(Protocol):
    """Takes finished calls. Never blocks, never raises."""

    def begin(self, traceparent: str | None, tracestate: str | None) -> Trace | None:
        """A call arrives, with what its client sent. None when it is no part of any trace."""
        ...

    def record(self, call: CallRecord, trace: Trace) -> None:
        """A sampled call is over."""
        ...

    async def aclose(self) -> None:
        """Export what is left."""
        ...
