"""The table of results, and the same as JSON."""

import json
import os
import platform
from statistics import median

from measuring import DIRECT, FULL, GATEWAY, KINDS, LARGE, PROXY, Bench

_ROWS = (
    ("request_64", "CPU a request, 64 in flight, us"),
    ("request_1", "CPU a request, 1 in flight, us"),
    ("claude_64", "CPU a request translated for Anthropic, 64 in flight, us"),
    ("gemini_64", "CPU a request translated for Gemini, 64 in flight, us"),
    ("chunk_at_once", "CPU a streamed chunk, all at once, us"),
    ("chunk_paced", "CPU a streamed chunk, 5 ms apart, us"),
    ("claude_chunk", "CPU a chunk translated from Anthropic's, all at once, us"),
    ("gemini_chunk", "CPU a chunk translated from Gemini's, all at once, us"),
    ("added_p50_ms", "latency added over direct, p50, ms"),
    ("added_p99_ms", "latency added over direct, p99, ms"),
    ("idle_mb", "memory when idle, MB"),
    ("ready_ms", "start to ready, ms"),
    ("import_ms", "import of lockgate / aiohttp, ms"),
)
_AGAINST = {kind.figure: kind.against for kind in KINDS if kind.against}
_BUSY = 0.1


def results(bench: Bench) -> dict[str, object]:
    """Medians over the rounds by figure and system, and ratios: medians of each round's own ratio."""
    figures = {name: dict(by) for name, by in bench.figures.items()}
    for rank in ("p50", "p99"):
        direct = figures[f"{rank}_ms"].pop(DIRECT)
        figures[f"added_{rank}_ms"] = {
            name: [theirs - bare for theirs, bare in zip(values, direct, strict=False)]
            for name, values in figures[f"{rank}_ms"].items()
        }
    medians = {
        figure: {name: round(median(values), 3) for name, values in by.items()} for figure, by in figures.items()
    }
    ratios = {
        figure: _ratio(figures[figure][GATEWAY], figures[_AGAINST.get(figure, figure)][PROXY]) for figure, _ in _ROWS
    }
    for name in (LARGE, FULL):
        ratios[name] = _ratio(figures["request_64"][name], figures["request_64"][GATEWAY])
    ratios["full_to_proxy"] = _ratio(figures["request_64"][FULL], figures["request_64"][PROXY])
    ratios["full_chunk"] = _ratio(figures["chunk_at_once"][FULL], figures["chunk_at_once"][PROXY])
    return {
        "medians": medians,
        "ratios": ratios,
        "providers": bench.large[0],
        "routes": bench.large[1],
        "peers": list(bench.peers),
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
    medians, ratios, peers = told["medians"], told["ratios"], told["peers"]
    assert isinstance(medians, dict)
    assert isinstance(ratios, dict)
    assert isinstance(peers, list)
    lines = [
        "| | gateway | bare proxy | ratio |" + "".join(f" {peer} |" for peer in peers),
        "|---|---:|---:|---:|" + "---:|" * len(peers),
    ]
    gaps = " |" * len(peers)
    for figure, title in _ROWS:
        by = medians[figure]
        bare = medians[_AGAINST.get(figure, figure)][PROXY]
        others = "".join(f" {_shown(by[peer])} |" if peer in by else " |" for peer in peers)
        lines.append(f"| {title} | {_shown(by[GATEWAY])} | {_shown(bare)} | {_part(ratios[figure])} |{others}")
    embedded = _shown(medians["embedded_us"][GATEWAY])
    lines.append(f"| embedded call, its HttpPort left out, us | {embedded} | | |{gaps}")
    full, chunk = medians["request_64"][FULL], medians["chunk_at_once"][FULL]
    bare, chunk_bare = medians["request_64"][PROXY], medians["chunk_at_once"][PROXY]
    lines += [
        f"| CPU a request, with a ledger and traces, us | {_shown(full)} | {_shown(bare)} | "
        f"{_part(ratios['full_to_proxy'])} |{gaps}",
        f"| CPU a chunk, with a ledger and traces, us | {_shown(chunk)} | {_shown(chunk_bare)} | "
        f"{_part(ratios['full_chunk'])} |{gaps}",
        f"| CPU a request, {told['providers']:,} providers and {told['routes']:,} routes, us | "
        f"{_shown(medians['request_64'][LARGE])} | | |{gaps}",
        f"| the same, to that of one provider and one route | | | {_part(ratios['large'], 3)} |{gaps}",
    ]
    foreign = told["foreign_load"]
    assert isinstance(foreign, float)
    if foreign > _BUSY:
        lines += ["", f"Others used {foreign:.0%} of the measured core: trust the ratios, not the figures."]
    return "\n".join(lines)


def _part(ratio: float | None, digits: int = 2) -> str:
    return "" if ratio is None else f"{ratio:.{digits}f}"


def _shown(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def as_json(told: dict[str, object]) -> str:
    return json.dumps(told, indent=2) + "\n"
