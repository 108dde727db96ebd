"""What several processes counted, as one: expositions in the Prometheus text format 0.0.4, summed."""

from collections.abc import Sequence

_LASTING = (b"counter", b"histogram")
_SUMMED = (*_LASTING, b"gauge")


class _Family:
    """All series of one metric, in the order in which they came."""

    def __init__(self) -> None:
        self.head: dict[bytes, bytes] = {}
        self.kind = b""
        self.series: dict[bytes, float] = {}


def summed(parts: Sequence[tuple[int, bytes]], kept: bytes = b"") -> bytes:
    """Counters, histograms and gauges added up, label set by label set. Of anything else a sum means nothing: that is
    told for each process, with its number as the label `worker`. `kept` are sums of processes that are no more:
    gauges say nothing of these."""
    families: dict[bytes, _Family] = {}
    for number, text in ((None, kept), *parts):
        family = families.setdefault(b"", _Family())
        for line in text.splitlines():
            if line.startswith((b"# HELP ", b"# TYPE ")):
                _, word, name, *said = line.split(b" ", 3)
                family = families.setdefault(name, _Family())
                family.head[word] = line
                if word == b"TYPE":
                    family.kind = said[0] if said else b""
            elif line and not line.startswith(b"#"):
                _add(family, number, line)
    lines: list[bytes] = []
    for family in families.values():
        lines += family.head.values()
        lines += [b"%b %b" % (series, _written(value)) for series, value in family.series.items()]
    return b"".join(line + b"\n" for line in lines)


def _add(family: _Family, number: int | None, line: bytes) -> None:
    if (end := line.rfind(b"}")) >= 0:
        series, value = line[: end + 1], line[end + 1 :].split()[0]
    else:
        series, value = line.split()[:2]
    if number is None and family.kind not in _LASTING:
        return
    if family.kind in _SUMMED:
        family.series[series] = family.series.get(series, 0.0) + float(value)
    else:
        label = b'worker="%d"' % (number or 0)
        before = series[:-1] + (b"" if series.endswith(b"{}") else b",") if end >= 0 else series + b"{"
        family.series[before + label + b"}"] = float(value)


def _written(value: float) -> bytes:
    return repr(value).encode().replace(b"inf", b"+Inf").replace(b"-+", b"-").replace(b"nan", b"NaN")
