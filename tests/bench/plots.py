"""Small plots for the page: what grows on a logarithmic axis, its cost on one that begins at nothing."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from msgspec import Struct

_COLOURS = ("#0b6e4f", "#9a9a9a")


class Line(Struct, frozen=True):
    """A cost for each count."""

    name: str
    points: dict[int, float]


def plot(path: Path, title: str, unit: str, lines: Sequence[Line]) -> None:
    """Writes an SVG; the same figures give the same bytes."""
    path.parent.mkdir(exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": path.stem, "font.size": 8, "svg.fonttype": "none"}):
        figure = Figure(figsize=(3.2, 2.1), layout="constrained")
        axes = figure.subplots()
        for line, colour in zip(lines, _COLOURS, strict=False):
            axes.plot(list(line.points), list(line.points.values()), marker="o", ms=3, color=colour, label=line.name)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(title)
        axes.set_ylabel(unit)
        axes.spines[["top", "right"]].set_visible(False)
        if len(lines) > 1:
            axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None})
