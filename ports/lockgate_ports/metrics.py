"""MetricsPort: one record a call, for counting, and notes of what happens beside calls."""

from typing import Literal, Protocol

from msgspec import Struct

from lockgate_ports.records import CallRecord

NoteName = Literal[
    "egress_denied",
    "egress_would_deny",
    "egress_bypassed",
    "client_rotation",
    "breaker_opened",
    "breaker_closed",
    "stale_key",
    "shadow_compared",
]
"""`egress_denied`: the policy refused; `egress_would_deny`: it would have, were it enforced; `egress_bypassed`: code in
this process opened a way out of its own; `client_rotation`: a key has another value than before; `breaker_opened`: a
model failed too often and is left alone, `breaker_closed`: it answers again; `stale_key`: a call went out with the
last good key, since its store failed; `shadow_compared`: a call was compared with its copy, and in what they differ."""


class Note(Struct, frozen=True):
    """Something to count that is no call. `detail` is the rule, the key's reference, the model
    or the like; never a secret."""

    name: NoteName
    provider_id: str
    detail: str = ""


class MetricsPort(Protocol):
    """Counts. Never blocks, never raises."""

    def record(self, call: CallRecord) -> None:
        """Take note of one finished call."""
        ...

    def note(self, note: Note) -> None:
        """Take note of one such thing."""
        ...

    def exposition(self) -> bytes:
        """All that was counted, in the Prometheus text format 0.0.4; empty where it is exported otherwise."""
        ...

    async def aclose(self) -> None:
        """Export what is left."""
        ...
