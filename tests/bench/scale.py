"""`make bench-scale`: what a request costs as things grow, a plot each, and what a request in flight holds."""

import argparse
import asyncio
import json
import resource
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import distributions
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from client_keys import shown
from deployment import LABELS, MODEL, Size, write_settings
from load import drive
from loops import run
from measuring import SERVE
from msgspec import Struct
from page import PLOTS, put
from plots import Line, plot
from processes import Served, cores, free_port, pin, say, script
from talk import CHUNKS, ask

_IN_FLIGHT = 64
_ASKING = 10_000
"""How many clients ask in turn, at most."""
_MORE_FILES = 65_536


class Point(Struct, frozen=True):
    """A gateway of a size, and how it is asked: `each` are the answers or pieces that one request is divided by."""

    size: Size = Size()
    requests: Callable[[int], Sequence[bytes]] = lambda port: [ask(port, MODEL)]
    in_flight: int = _IN_FLIGHT
    each: int = 1


class Axis(Struct, frozen=True):
    """What grows. `flat`: the cost must stay; else it grows with it and no faster."""

    name: str
    title: str
    points: dict[int, Point]
    unit: str = "CPU a request, us"
    flat: bool = True
    bare: bool = False
    """The bare proxy is measured as well: what grows goes through its hands too."""


def axes() -> list[Axis]:
    def longer(length: int) -> Point:
        return Point(requests=lambda port: [ask(port, MODEL, padding=length)])

    def pieces(count: int) -> Point:
        asked = Point(requests=lambda port: [ask(port, MODEL, stream=True, wish=f"pieces-{count}")], each=count)
        return Point(asked.size, asked.requests, 4 if count > CHUNKS else 16, count)

    def keys(count: int) -> Point:
        return Point(Size(virtual_keys=count), lambda port: [
            ask(port, MODEL, headers={"authorization": f"Bearer {key}"}) for key in shown(count, _ASKING)
        ])  # fmt: skip

    def tenants(count: int) -> Point:
        return Point(requests=lambda port: [
            ask(port, MODEL, headers={LABELS: f"tenant=tenant-{number}"}) for number in range(count)
        ])  # fmt: skip

    found = sorted(
        {each.name for each in distributions() if each.name.startswith("llm-plugin-")} - {"llm-plugin-openai"}
    )
    plugins = {count: Point(Size(plugins=("llm-plugin-openai", *found[: count - 1])))
               for count in sorted({1, (len(found) + 1) // 2, len(found) + 1})}  # fmt: skip
    tenth = (1, 10, 100, 1_000)
    return [
        Axis("routes", "routes", {count: Point(Size(routes=count)) for count in (*tenth, 10_000)}),
        Axis("providers", "providers", {count: Point(Size(providers=count)) for count in tenth[:3]}),
        Axis("provider-keys", "keys of a provider", {count: Point(Size(provider_keys=count)) for count in tenth}),
        Axis("virtual-keys", "virtual keys", {count: keys(count) for count in (*tenth, 10_000, 100_000)}),
        Axis("plugins", "plugins", plugins),
        Axis("tenants", "tenants", {count: tenants(count) for count in (*tenth, 10_000)}),
        Axis("length", "bytes of a prompt", {count: longer(count) for count in (1_000, 10_000, 100_000, 1_000_000)},
             flat=False, bare=True),
        Axis("chunks", "chunks of a stream", {count: pieces(count) for count in (10, 100, 1_000, 10_000, 100_000)},
             unit="CPU a chunk, us", bare=True),
        Axis("workers", "workers, with 64 requests in flight for each",
             {count: Point(Size(workers=count), in_flight=_IN_FLIGHT * count) for count in (1, 2, 4)}),
        Axis("in-flight", "requests in flight",
             {count: Point(in_flight=count) for count in (1, 4, 16, 64, 256, 1_024)}, bare=True),
    ]  # fmt: skip


class Scale:
    """Starts what a point needs and measures it, gateway and bare proxy in turn."""

    def __init__(self, folder: Path, measured: int | None, load: int | None) -> None:
        self._folder = folder
        self._core = measured
        self._upstream = free_port()
        self._mock = Served("mock", script("upstream.py", self._upstream), self._upstream, load)

    def stop(self) -> None:
        self._mock.stop()

    def proxy(self) -> Served:
        port = free_port()
        return Served("bare proxy", script("proxy.py", port, self._upstream), port, self._core)

    def gateway(self, size: Size) -> Served:
        port = free_port()
        path = write_settings(self._folder / f"{port}.yaml", self._upstream, size)
        arguments = ["-c", SERVE, "serve", "--config", str(path), "--port", str(port)]
        return Served("gateway", arguments, port, self._core, **size.env)

    async def axis(self, axis: Axis, rounds: int, seconds: float) -> list[Line]:
        """A line for the gateway, and one for the bare proxy where that is asked for. All points of an axis are
        measured in turn, so that the hour of the day changes none of them alone."""
        with ExitStack() as stack:
            bare = stack.enter_context(self.proxy()) if axis.bare else None
            served: dict[Size, Served] = {}
            for point in axis.points.values():
                if point.size not in served:
                    say(f"{axis.title}: starting {len(served) + 1}")
                    served[point.size] = stack.enter_context(self.gateway(point.size))
            seen: dict[str, dict[int, list[float]]] = {"gateway": {}, "bare proxy": {}}
            for number in range(-1, rounds):
                for count, point in list(axis.points.items())[:: -1 if number % 2 else 1]:
                    say(f"{axis.title}: {count:,}, round {number + 1} of {rounds}")
                    asked = [("gateway", served[point.size])] + ([("bare proxy", bare)] if bare is not None else [])
                    for name, system in asked:
                        cost = await _cost(system, point, seconds)
                        if number >= 0:
                            seen[name].setdefault(count, []).append(cost)
        return [Line(name, {count: median(costs) for count, costs in by.items()}) for name, by in seen.items() if by]

    async def held(self, count: int) -> dict[str, float]:
        """Bytes that each of `count` requests in flight holds, by system."""
        told: dict[str, float] = {}
        for name, start in (("bare proxy", self.proxy), ("gateway", lambda: self.gateway(Size()))):
            say(f"{count:,} requests in flight through {name}")
            with start() as served:
                await drive(served.port, [ask(served.port, MODEL)], _IN_FLIGHT, 0.0, 1.0, served.cpu)
                before = served.rss()
                told[name] = (await _hold(served, count) - before) / count
        return told


async def _hold(served: Served, count: int) -> int:
    """Resident bytes while so many requests wait for their answers."""
    writers: list[asyncio.StreamWriter] = []
    try:
        for number in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(ask(served.port, MODEL, wish="held"))
            writers.append(writer)
            if number % 100 == 0:
                await asyncio.sleep(0.01)
        most, since = 0, 0
        while since < 10:
            await asyncio.sleep(0.3)
            now = served.rss()
            most, since = (now, 0) if now > most * 1.002 else (most, since + 1)
        return most
    finally:
        for writer in writers:
            writer.transport.abort()


async def _cost(served: Served, point: Point, seconds: float) -> float:
    """Microseconds of CPU an answer or a piece. Of a long stream at least one must have ended."""
    requests = point.requests(served.port)
    seen = await drive(served.port, requests, point.in_flight, 0.1, seconds, served.cpu)
    count = seen.events if point.each > 1 else len(seen.latencies)
    return max(seen.cpu, 0.01) / max(1, count) * 1e6


def _told(axis: Axis, lines: list[Line]) -> str:
    costs = list(lines[0].points.values())
    counts = list(lines[0].points)
    if axis.flat:
        return f"{(costs[-1] / costs[0] - 1):+.0%} from {counts[0]:,} to {counts[-1]:,}"
    return f"{(costs[-1] - costs[0]) / (counts[-1] - counts[0]) * 1e3:.2f} us for each further 1,000"


async def measure(asked: argparse.Namespace, folder: Path) -> None:
    measured, load = cores()
    pin(load)
    scale = Scale(folder, measured, load)
    figures: dict[str, object] = {}
    rows = ["| what grows | what that costs |", "|---|---|"]
    try:
        for axis in axes():
            if asked.only and axis.name not in asked.only:
                continue
            lines = await scale.axis(axis, asked.rounds, asked.seconds)
            figures[axis.name] = {line.name: line.points for line in lines}
            rows.append(f"| {axis.title} | {_told(axis, lines)} |")
            print(rows[-1], flush=True)
            if asked.page:
                plot(PLOTS / f"{axis.name}.svg", axis.title, axis.unit, lines)
        if not asked.only or "held" in asked.only:
            held = await scale.held(asked.held)
            figures["held"] = held
            more = held["gateway"] - held["bare proxy"]
            rows.append(f"| {asked.held:,} requests in flight, memory of each | {held['gateway'] / 1e3:.1f} KB, "
                        f"{more / 1e3:+.1f} KB to the bare proxy's |")  # fmt: skip
            print(rows[-1])
    finally:
        scale.stop()
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n")
    if asked.page:
        images = " ".join(f"![{path.stem}](performance/{path.name})" for path in sorted(PLOTS.glob("*.svg")))
        put("bench-scale", "make bench-scale", "\n".join(rows) + "\n\n" + images)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often every point is measured")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long each time")
    parser.add_argument("--held", type=int, default=10_000, help="requests in flight whose memory is measured")
    parser.add_argument("--only", nargs="*", help="names of axes (routes, tenants, held, ...); all of them otherwise")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--page", action="store_true", help="write the table and the plots into docs/performance.md")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, _MORE_FILES) if most > 0 else _MORE_FILES, most))
    with TemporaryDirectory() as folder:
        run(measure(parser.parse_args(), Path(folder)))


if __name__ == "__main__":
    main()
