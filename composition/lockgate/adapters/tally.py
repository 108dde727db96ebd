"""What is counted under one set of labels."""

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal

from lockgate.adapters.metric_names import SECONDS, TOKENS
from lockgate_ports.records import AttemptRecord, CostBasis, Pace
from lockgate_ports.usage import Usage

Labels = Mapping[str, str]

_NOTHING = Decimal(0)
_MOST = 1 << 40
"""Nobody's call takes so many tokens: a number beyond it, or below 0, counts as not reported. Sums stay in 64 bits."""


class Buckets:
    """A histogram: `counts` has one place more than `bounds`, for what is above them all."""

    __slots__ = ("bounds", "counts", "largest", "smallest", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum: float = 0
        self.smallest: float = float("inf")
        self.largest: float = float("-inf")

    def add(self, value: float) -> None:
        """Take note of one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value
        if value < self.smallest:
            self.smallest = value
        if value > self.largest:
            self.largest = value

    def join(self, pace: Pace) -> None:
        """Take note of what was counted elsewhere, by the same bounds."""
        self.counts = [here + there for here, there in zip(self.counts, pace.counts, strict=True)]
        self.sum += pace.total
        self.smallest = min(self.smallest, pace.least)
        self.largest = max(self.largest, pace.most)


class Tally:
    """All numbers of one set of labels; a share that was never reported is None."""

    __slots__ = (
        "cache_read",
        "cache_write",
        "duration",
        "first_chunk",
        "input",
        "labels",
        "output",
        "per_chunk",
        "reasoning",
        "unknown",
    )

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.duration = Buckets(SECONDS)
        self.first_chunk = Buckets(SECONDS)
        self.per_chunk = Buckets(SECONDS)
        self.input = Buckets(TOKENS)
        self.output = Buckets(TOKENS)
        self.cache_read: int | None = None
        self.cache_write: int | None = None
        self.reasoning: int | None = None
        self.unknown = 0

    def take(self, usage: Usage | None) -> bool:
        """Counts what is known; False when a total is missing."""
        if usage is None:
            return False
        if (shown := usage.cache_read_tokens) is not None and 0 <= shown <= _MOST:
            self.cache_read = (self.cache_read or 0) + shown
        if (shown := usage.cache_write_tokens) is not None and 0 <= shown <= _MOST:
            self.cache_write = (self.cache_write or 0) + shown
        if (shown := usage.reasoning_tokens) is not None and 0 <= shown <= _MOST:
            self.reasoning = (self.reasoning or 0) + shown
        whole = True
        if (shown := usage.input_tokens) is not None and 0 <= shown <= _MOST:
            self.input.add(shown)
        else:
            whole = False
        if (shown := usage.output_tokens) is not None and 0 <= shown <= _MOST:
            self.output.add(shown)
        else:
            whole = False
        return whole


class Tried:
    """What is counted of attempts at one target that ended alike."""

    __slots__ = ("costs", "count", "skipped", "unpriced")

    def __init__(self) -> None:
        self.count = 0
        self.unpriced = 0
        """How many cost nobody knows how much."""
        self.skipped = 0
        """Events that made no sense."""
        self.costs: dict[CostBasis, Decimal] = {}

    def take(self, attempt: AttemptRecord) -> None:
        """Take note of one attempt."""
        self.count += 1
        self.skipped += attempt.skipped
        cost = attempt.cost
        if cost is None:
            return
        if cost.usd is None:
            self.unpriced += 1
        else:
            self.costs[cost.basis] = self.costs.get(cost.basis, _NOTHING) + cost.usd
