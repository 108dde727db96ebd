"""What is counted, and under which labels: as in OpenTelemetry's semantic conventions for generative AI metrics."""

from collections.abc import Mapping

from msgspec import Struct

from lockgate_ports.metrics import NoteName
from lockgate_ports.records import PACE_BOUNDS

OTHER = "(other)"
"""Stands for a model's name when there are too many of them."""
SECONDS = PACE_BOUNDS
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
"""Upper bounds of buckets, inclusive, as the conventions advise."""
CALL_LABELS = (
    "gen_ai.operation.name",
    "lockgate.surface",
    "gen_ai.provider.name",
    "error.type",
    "gen_ai.request.model",
    "gen_ai.response.model",
)
"""`gen_ai.provider.name` is the provider_id; what is not known is absent, as is `error.type` of an answer."""
ATTEMPT_LABELS = ("gen_ai.provider.name", "error.type", "gen_ai.request.model")

TARGET_LABELS = ("gen_ai.provider.name", "gen_ai.request.model")
COST_LABELS = (*TARGET_LABELS, "lockgate.cost.basis")
"""The basis is `reported`, `priced` or `estimated`."""


class Description(Struct, frozen=True):
    """What a number means; `unit` is a UCUM code, as OpenTelemetry has it."""

    name: str
    unit: str
    text: str
    labels: tuple[str, ...] = CALL_LABELS


DURATION = Description("gen_ai.client.operation.duration", "s", "Time from a call's arrival to its last byte.")
FIRST_CHUNK = Description(
    "gen_ai.client.operation.time_to_first_chunk", "s", "Time from a streamed call's arrival to its first content."
)
PER_CHUNK = Description(
    "gen_ai.client.operation.time_per_output_chunk", "s", "Time between two pieces of a stream that brought content."
)
TOKEN_USAGE = Description(
    "gen_ai.client.token.usage",
    "{token}",
    "Input and output tokens of a call, where they were reported.",
    (*CALL_LABELS, "gen_ai.token.type"),
)
ATTEMPTS = Description("lockgate.attempts", "{attempt}", "Tries at a model of a provider.", ATTEMPT_LABELS)
USAGE_UNKNOWN = Description(
    "lockgate.calls.usage_unknown", "{call}", "Calls whose input or output tokens were not reported."
)
# One counter each, and none of them a type of `gen_ai.client.token.usage`: they are shares, which nobody may add up.
CACHE_READ = Description("lockgate.tokens.cache_read", "{token}", "The share of input tokens read from a cache.")
CACHE_WRITE = Description("lockgate.tokens.cache_write", "{token}", "The share of input tokens written to a cache.")
REASONING = Description("lockgate.tokens.reasoning", "{token}", "The share of output tokens spent on reasoning.")
NOTE_LABELS = ("gen_ai.provider.name", "lockgate.detail")
NOTES: Mapping[NoteName, Description] = {
    "egress_denied": Description(
        "lockgate.egress.denied", "1", "What the egress policy refused, by its rule.", NOTE_LABELS
    ),
    "egress_would_deny": Description(
        "lockgate.egress.would_deny",
        "1",
        "What the egress policy would refuse if it were enforced, by its rule.",
        NOTE_LABELS,
    ),
    "egress_bypassed": Description(
        "lockgate.egress.bypassed", "1", "Ways out that code in this process opened by itself.", NOTE_LABELS
    ),
    "client_rotation": Description(
        "lockgate.client_rotation", "1", "Keys that have another value than before.", NOTE_LABELS
    ),
    "breaker_opened": Description(
        "lockgate.breaker.opened", "1", "Models that failed too often and were left alone for a while.", NOTE_LABELS
    ),
    "breaker_closed": Description(
        "lockgate.breaker.closed", "1", "Models that answer again after they had been left alone.", NOTE_LABELS
    ),
    "stale_key": Description(
        "lockgate.stale_key", "1", "Calls with the last good key, since its store failed.", NOTE_LABELS
    ),
    "shadow_compared": Description(
        "lockgate.shadow.compared",
        "1",
        "Copies of calls that were compared with them, by route and in what they differ.",
        NOTE_LABELS,
    ),
}
COST = Description(
    "lockgate.cost.usd", "{USD}", "What attempts cost, as far as it is known, in US dollars.", COST_LABELS
)
COST_UNKNOWN = Description(
    "lockgate.cost.unknown",
    "{attempt}",
    "Attempts that may have been charged and whose cost is not known.",
    TARGET_LABELS,
)
SKIPPED = Description(
    "lockgate.stream.events_skipped",
    "{event}",
    "Events of streams that made no sense and were left out.",
    TARGET_LABELS,
)
OVERFLOW = Description(
    "lockgate.label_overflow",
    "1",
    "Calls and attempts counted under `(other)`, for want of room for a model's name.",
    (),
)
