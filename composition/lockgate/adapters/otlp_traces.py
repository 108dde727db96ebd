"""TracesPort that exports to a collector by OTLP: sampled by chance, or as the caller's own trace is."""

import asyncio
import logging
from collections import deque
from random import getrandbits, random
from time import time_ns

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.trace import get_current_span

from lockgate.adapters.otlp import OtlpSender
from lockgate.adapters.spans import spans
from lockgate_ports.records import CallRecord
from lockgate_ports.tracing import Trace, kept_state, read_parent

_log = logging.getLogger("lockgate.export")
_BATCH = 512


class OtlpTraces:
    """Calls wait in a bounded queue; spans are built when they are exported, in a thread."""

    def __init__(self, sender: OtlpSender, *, sample: float, every: float, queue: int) -> None:
        self._sender = sender
        self._sample = sample
        self._every = every
        self._waiting: deque[tuple[CallRecord, Trace, int]] = deque()
        self._most = queue
        self._exporter: asyncio.Task[None] | None = None
        self.dropped = 0
        """Calls whose spans were not exported."""

    def begin(self, traceparent: str | None, tracestate: str | None) -> Trace | None:
        """The caller's trace goes on; an embedder's is the one that OpenTelemetry's API has as current."""
        span_id = f"{getrandbits(64) or 1:016x}"
        if traceparent is not None and (parent := read_parent(traceparent)) is not None:
            trace_id, parent_id, sampled = parent
            return Trace(trace_id, span_id, parent_id, sampled, kept_state(tracestate))
        current = get_current_span().get_span_context()
        if current.is_valid:
            parent_id = f"{current.span_id:016x}"
            return Trace(f"{current.trace_id:032x}", span_id, parent_id, bool(current.trace_flags & 1))
        if random() >= self._sample:  # noqa: S311 - which calls are kept is no secret
            return None
        return Trace(f"{getrandbits(128) or 1:032x}", span_id, None, sampled=True)

    def record(self, call: CallRecord, trace: Trace) -> None:
        """A sampled call is over."""
        if len(self._waiting) >= self._most:
            self._waiting.popleft()
            self._drop(1)
        self._waiting.append((call, trace, time_ns()))
        if self._exporter is None:
            self._exporter = asyncio.create_task(self._run(), name="lockgate-traces")

    async def aclose(self) -> None:
        """Export what is left."""
        if self._exporter is not None:
            self._exporter.cancel()
            await asyncio.gather(self._exporter, return_exceptions=True)
        while self._waiting:
            await self._export()
        await self._sender.aclose()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            while self._waiting:
                await self._export()

    async def _export(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
        if not await self._sender.send("/v1/traces", await asyncio.to_thread(_encoded, batch)):
            self._drop(len(batch))

    def _drop(self, count: int) -> None:
        if not self.dropped:
            _log.warning("spans are dropped: the collector does not take them, or not fast enough")
        self.dropped += count


def _encoded(batch: list[tuple[CallRecord, Trace, int]]) -> bytes:
    encoded: bytes = encode_spans([span for each in batch for span in spans(*each)]).SerializeToString()
    return encoded
