"""How quickly the pieces of a stream followed one another. Pure."""

from bisect import bisect_right

from lockgate_ports.records import PACE_BOUNDS, Pace


def pace_of(gaps: list[float]) -> Pace:
    """Of these, in seconds; there is at least one."""
    ordered = sorted(gaps)
    ends = [bisect_right(ordered, bound) for bound in PACE_BOUNDS]
    counts = [end - begin for begin, end in zip([0, *ends], [*ends, len(ordered)], strict=True)]
    return Pace(tuple(counts), sum(ordered), ordered[0], ordered[-1])
