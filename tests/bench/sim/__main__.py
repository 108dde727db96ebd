"""`make sim`: plays the simulations and draws them into docs/pictures."""

from collections import Counter
from pathlib import Path

import latency
import matplotlib as mpl
import outage

mpl.use("agg")

from matplotlib import pyplot as plt

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"


def draw_outage() -> None:
    figure, (load, served) = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
    for way in outage.WAYS:
        asked, outcomes = outage.simulate(way)
        tries = Counter(int(at) for at in asked)
        load.plot(range(int(outage.SECONDS)), [tries[second] for second in range(int(outage.SECONDS))], label=way)
        calls = Counter(int(each.at) for each in outcomes)
        good = Counter(int(each.at) for each in outcomes if each.answered)
        seconds = sorted(calls)
        served.plot(seconds, [100 * good[second] / calls[second] for second in seconds], label=way)
    for axes in (load, served):
        axes.axvspan(*outage.DOWN, color="0.92")
    load.set_ylabel("tries a second\nat the provider")
    load.legend(fontsize=8, loc="upper left")
    served.set_ylabel("calls answered, %")
    served.set_xlabel(f"seconds; {outage.RATE:g} calls a second, the provider is down in the grey")
    _save(figure, "outage.png")


def draw_latency() -> None:
    figure, axes = plt.subplots(figsize=(7, 3.5))
    for way in latency.WAYS:
        took, more = latency.simulate(way)
        left = [1 - place / len(took) for place in range(len(took))]
        axes.step(took, left, where="post", label=f"{way}: {100 * more:.1f} % more calls")
    axes.set(xscale="log", yscale="log", xlim=(0.1, 200), ylim=(1e-4, 1))
    axes.set_xlabel("seconds until the answer")
    axes.set_ylabel("share of calls that take longer")
    axes.grid(visible=True, which="major", color="0.9")
    axes.legend(fontsize=8)
    _save(figure, "hedging.png")


def _save(figure: plt.Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(PICTURES / name, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_outage()
    draw_latency()
