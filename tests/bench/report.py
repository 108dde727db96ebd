"""The table of results, and the same as JSON."""

import json
import os
import platform
from statistics import median

from measuring import DIRECT, GATEWAY, LARGE, PROXY, Bench

_ROWS = (
    ("request_64", "CPU a request, 64 in flight, us"),
    ("request_1", "CPU a request, 1 in flight, us"),
    ("chunk_at_once", "CPU a streamed chunk, all at once, us"),
    ("chunk_paced", "CPU a streamed chunk, 5 ms apart, us"),
    ("added_p50_ms", "latency added over direct, p50, ms"),
    ("added_p99_ms", "latency added over direct, p99, ms"),
    ("idle_mb", "memory when idle, MB"),
    ("ready_ms", "start to ready, ms"),
    ("import_ms", "import of lockgate / aiohttp, ms"),
)
_BUSY = 0.1


def results(bench: Bench) -> dict[str, object]:
    """Medians over the rounds by figure and system, and ratios: medians of each round's own ratio."""
    figures = {name: dict(by) for name, by in bench.figures.items()}
    for rank in ("p50", "p99"):
        direct = figures[f"{rank}_ms"][DIRECT]
        figures[f"added_{rank}_ms"] = {
            name: [theirs - bare for theirs, bare in zip(figures[f"{rank}_ms"][name], direct, strict=True)]
            for name in (GATEWAY, PROXY)
        }
    medians = {
        figure: {name: round(median(values), 3) for name, values in by.items()} for figure, by in figures.items()
    }
    ratios = {figure: _ratio(figures[figure][GATEWAY], figures[figure][PROXY]) for figure, _ in _ROWS}
    ratios["large"] = _ratio(figures["request_64"][LARGE], figures["request_64"][GATEWAY])
    return {
        "medians": medians,
        "ratios": ratios,
        "providers": bench.large[0],
        "routes": bench.large[1],
        "foreign_load": round(median(bench.foreign), 3),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def _ratio(ours: list[float], theirs: list[float]) -> float | None:
    """None where noise swallowed the difference that was measured."""
    if min(median(ours), median(theirs)) <= 0:
        return None
    return round(median(a / b for a, b in zip(ours, theirs, strict=True)), 3)


def table(told: dict[str, object]) -> str:
    """For people, in Markdown."""
    medians, ratios = told["medians"], told["ratios"]
    assert isinstance(medians, dict)
    assert isinstance(ratios, dict)
    lines = ["| | gateway | bare proxy | ratio |", "|---|---:|---:|---:|"]
    for figure, title in _ROWS:
        ours, theirs = medians[figure][GATEWAY], medians[figure][PROXY]
        ratio = "" if ratios[figure] is None else f"{ratios[figure]:.2f}"
        lines.append(f"| {title} | {_shown(ours)} | {_shown(theirs)} | {ratio} |")
    lines.append(
        f"| embedded call, its HttpPort answering at once, us | {_shown(medians['embedded_us'][GATEWAY])} | | |"
    )
    large = f"{told['providers']:,} providers and {told['routes']:,} routes"
    lines.append(f"| CPU a request, {large}, us | {_shown(medians['request_64'][LARGE])} | | |")
    lines.append(f"| the same, to that of one provider and one route | | | {ratios['large']:.3f} |")
    foreign = told["foreign_load"]
    assert isinstance(foreign, float)
    if foreign > _BUSY:
        lines += ["", f"Others used {foreign:.0%} of the measured core: trust the ratios, not the figures."]
    return "\n".join(lines)


def _shown(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_json(told: dict[str, object]) -> str:
    return json.dumps(told, indent=2) + "\n"
