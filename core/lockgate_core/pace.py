"""How quickly the pieces of a stream followed one another. Pure."""

from bisect import bisect_right

from lockgate_ports.records import PACE_BOUNDS, Pace


def paced(before: Pace | None, gaps: list[float]) -> Pace | None:
    """What was known, and these besides, in seconds. None where there are none."""
    if not gaps:
        return before
    ordered = sorted(gaps)
    ends = [bisect_right(ordered, bound) for bound in PACE_BOUNDS]
    counts = [end - begin for begin, end in zip([0, *ends], [*ends, len(ordered)], strict=True)]
    if before is None:
        return Pace(tuple(counts), sum(ordered), ordered[0], ordered[-1])
    return Pace(
        tuple(here + there for here, there in zip(before.counts, counts, strict=True)),
        before.total + sum(ordered),
        min(before.least, ordered[0]),
        max(before.most, ordered[-1]),
    )
