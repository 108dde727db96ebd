"""`make sim`: plays the simulations and draws them into docs/pictures."""

from collections import Counter
from pathlib import Path
from statistics import median

import canary
import latency
import matplotlib as mpl
import outage
import slowing

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
    _legend(load)
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


def draw_slowing() -> None:
    figure, (ran, took) = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
    seconds = range(int(slowing.SECONDS))
    for way in slowing.WAYS:
        seen, outcomes = slowing.simulate(way)
        most: Counter[int] = Counter()
        for at, running in seen:
            most[int(at)] = max(most[int(at)], running)
        good = sum(slowing.SLOW[0] <= each.at < slowing.SLOW[1] and each.answered for each in outcomes)
        ran.plot(seconds, [most[second] for second in seconds], label=f"{way}: {good} calls answered while it is slow")
        answered = sorted((each.at, each.took) for each in outcomes if each.answered)
        took.plot(*zip(*_medians(answered), strict=True))
    for axes in (ran, took):
        axes.axvspan(*slowing.SLOW, color="0.92")
    ran.set(yscale="log", ylim=(10, 5000), ylabel="calls that run\nat the provider")
    ran.legend(fontsize=8, loc="upper right")
    took.set_ylabel("seconds until the answer")
    took.set_xlabel(f"seconds; {slowing.RATE:g} calls a second, the provider can do a fifth of it in the grey")
    _save(figure, "slowing.png")


def _medians(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    parts = [points[place : place + 40] for place in range(0, len(points), 40)]
    return [(part[0][0], median(took for _, took in part)) for part in parts]


def draw_canary() -> None:
    figure, (share, slow) = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
    end, bucket = int(canary.SECONDS), 5
    for way in canary.WAYS:
        shares, outcomes = canary.simulate(way)
        at, to = zip(*shares, (canary.SECONDS, shares[-1][1]), strict=True)
        share.step(at, [100 * each for each in to], where="post", label=way)
        calls = Counter(int(each.at) // bucket for each in outcomes)
        waited = Counter(int(each.at) // bucket for each in outcomes if each.took > canary.SLOW)
        places = range(end // bucket)
        slow.plot(
            [place * bucket for place in places], [100 * waited[each] / calls[each] for each in places], label=way
        )
    for axes in (share, slow):
        axes.axvspan(canary.BAD, end, color="0.92")
        axes.set_xlim(0, end)
    share.set_ylabel("callers sent to\nthe new target, %")
    _legend(share)
    slow.set_ylabel(f"calls that take\nmore than {canary.SLOW:g} s, %")
    slow.set_xlabel(f"seconds; {canary.RATE:g} calls a second, the new target is five times as slow in the grey")
    _save(figure, "canary.png")


def _legend(axes: plt.Axes) -> None:
    """Above the picture: no line goes behind it."""
    axes.legend(fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)


def _save(figure: plt.Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(PICTURES / name, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_outage()
    draw_latency()
    draw_slowing()
    draw_canary()
