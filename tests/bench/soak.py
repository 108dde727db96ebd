"""`make soak`: half load with faults and disconnects; what stays behind of it in memory, descriptors and tasks."""

import argparse
import asyncio
import random
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median
from tempfile import TemporaryDirectory
from time import perf_counter

from deployment import CLAUDE, ENV, GEMINI, MODEL, Size, write_settings
from load import drive
from loops import run
from page import put
from processes import Served, cores, free_port, pin, say, script
from talk import END, ask

_EVERY = 1.0
"""Seconds between two samples."""
_SLOPE = 0.5
"""MB a minute, over the second half, above which memory counts as growing."""
_IDLE_WITHIN = 60.0
"""Seconds in which everything must be given back; idle connections are kept for 30."""
_MIX = (
    # (weight, model, stream, wish): what is asked, and in which way it goes wrong.
    (50, MODEL, False, ""),
    (14, MODEL, True, ""),
    (6, CLAUDE, False, ""),
    (4, CLAUDE, True, ""),
    (6, GEMINI, False, ""),
    (4, GEMINI, True, ""),
    (3, MODEL, True, "paced"),
    (3, MODEL, False, "slow"),
    (2, MODEL, False, "status-500"),
    (1, MODEL, True, "status-503"),
    (2, MODEL, False, "status-400"),
    (1, MODEL, False, "cut"),
    (1, MODEL, True, "cut"),
    (1, "nobody", False, ""),
    (1, MODEL, False, "held"),
)
_LEAVES = 0.06
"""The part of the clients that go away within the answer."""


@dataclass
class Soaked:
    """What was seen: answers by their fate, and samples over time (minutes, MB, descriptors, tasks)."""

    fates: Counter[str] = field(default_factory=Counter[str])
    samples: list[tuple[float, float, int, int]] = field(default_factory=list[tuple[float, float, int, int]])

    def slope(self) -> float:
        """MB a minute over the second half, from the lowest of each ten samples."""
        half = self.samples[len(self.samples) // 2 :]
        lows = [min(half[at : at + 10], key=lambda each: each[1]) for at in range(0, len(half) - 9, 10)]
        if len(lows) < 2:
            return 0.0
        return linear_regression([each[0] for each in lows], [each[1] for each in lows]).slope


class Client:
    """One after the other, on connections that are kept while they last."""

    def __init__(self, port: int, soaked: Soaked, chance: random.Random) -> None:
        self._port = port
        self._soaked = soaked
        self._chance = chance
        self._kept: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> None:
        """One request, whatever becomes of it."""
        _, model, stream, wish = self._chance.choices(_MIX, weights=[row[0] for row in _MIX])[0]
        leaves = wish == "held" or self._chance.random() < _LEAVES
        fate = "left by the client"
        try:
            if self._kept is not None and self._kept[0].at_eof():
                self.leave()
            reader, writer = self._kept or await asyncio.open_connection("127.0.0.1", self._port)
            self._kept = reader, writer
            writer.write(ask(self._port, model, stream=stream, wish=wish))
            if leaves:
                await asyncio.sleep(self._chance.random() * (0.3 if wish in ("held", "paced") else 0.02))
                self.leave()
            else:
                fate = await _fate(reader)
        except (OSError, asyncio.IncompleteReadError):
            fate = "lost"
            self.leave()
        self._soaked.fates[fate] += 1

    def leave(self) -> None:
        if self._kept is not None:
            self._kept[1].transport.abort()
            self._kept = None


async def _fate(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(60):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, length = head.partition(b"\r\ncontent-length: ")
        if length:
            await reader.readexactly(int(length.partition(b"\r\n")[0]))
            return "answered" if head[9:12] == b"200" else f"told {head[9:12].decode()}"
        body = await reader.readuntil(END)
    return "streamed" if b"[DONE]" in body else "told within the stream"


async def soak(minutes: float, folder: Path) -> tuple[Soaked, dict[str, tuple[int, int]]]:
    """Returns what was seen, and (before, after) of descriptors and tasks."""
    measured, load = cores()
    pin(load)
    upstream, port = free_port(), free_port()
    tasks = folder / "tasks"
    path = write_settings(folder / "soak.yaml", upstream, Size(ledger=folder / "ledger.db", traced=0.01))
    arguments = script("watched.py", tasks, "serve", "--config", path, "--port", port)
    soaked = Soaked()
    with (
        Served("mock", script("upstream.py", upstream), upstream, load),
        Served("gateway", arguments, port, measured, **ENV) as served,
    ):
        say("finding out what full load is")
        descriptors, _ = await _idle(served, tasks, None)
        full = await drive(port, [ask(port, MODEL)], 64, 0.5, 2.0, served.cpu)
        # The exporter of traces begins with the first call that is sampled, and stays.
        _, begun = await _idle(served, tasks, None)
        before = descriptors, begun
        # A request of the mix costs about three of these.
        every = max(full.cpu, 0.01) / max(1, len(full.latencies)) * 3 / 0.5
        await _run(port, every, minutes * 60, served, tasks, soaked)
        say("waiting until all is given back")
        after = await _idle(served, tasks, before)
    return soaked, {name: (was, now) for name, was, now in zip(("descriptors", "tasks"), before, after, strict=True)}


async def _run(port: int, every: float, seconds: float, served: Served, tasks: Path, soaked: Soaked) -> None:
    """A request each `every` seconds, whether or not those before it are answered."""
    chance = random.Random(7)
    free: list[Client] = []
    running: set[asyncio.Task[None]] = set()
    began = perf_counter()
    due, sample = began, began

    async def one() -> None:
        client = free.pop() if free else Client(port, soaked, chance)
        await client.ask()
        free.append(client)

    while (now := perf_counter()) < began + seconds:
        while due <= now:
            due += every * chance.expovariate(1.0)
            if len(running) < 500:
                task = asyncio.create_task(one())
                running.add(task)
                task.add_done_callback(running.discard)
        if now >= sample:
            sample += _EVERY
            soaked.samples.append(((now - began) / 60, served.rss() / 1e6, served.descriptors(), _tasks(tasks)))
            say(f"{(now - began) / 60:.1f} min, {soaked.samples[-1][1]:.1f} MB, {soaked.fates.total():,} requests")
        await asyncio.sleep(0.005)
    with suppress(TimeoutError):
        async with asyncio.timeout(70):
            await asyncio.gather(*running)
    for client in free:
        client.leave()


async def _idle(served: Served, tasks: Path, baseline: tuple[int, int] | None) -> tuple[int, int]:
    """Descriptors and tasks when nothing is asked: as soon as they are down at the baseline, else after a while."""
    until = perf_counter() + (2.0 if baseline is None else _IDLE_WITHIN)
    while perf_counter() < until:
        await asyncio.sleep(1.0)
        now = served.descriptors(), _tasks(tasks)
        if baseline is not None and now[0] <= baseline[0] and now[1] <= baseline[1]:
            break
    return served.descriptors(), _tasks(tasks)


def _tasks(file: Path) -> int:
    text = file.read_text() if file.exists() else ""
    return int(text or 0)


def table(soaked: Soaked, rest: dict[str, tuple[int, int]], minutes: float) -> str:
    """For people, in Markdown."""
    memory = [each[1] for each in soaked.samples]
    tenth = max(1, len(memory) // 10)
    fates = ", ".join(f"{count:,} {fate}" for fate, count in sorted(soaked.fates.items(), key=lambda each: -each[1]))
    rows = [
        ("requests", f"{soaked.fates.total():,} in {minutes:g} minutes"),
        ("what became of them", fates),
        ("memory, MB: first tenth, last tenth, most",
         f"{median(memory[:tenth]):.1f}, {median(memory[-tenth:]):.1f}, {max(memory):.1f}"),
        ("memory over the second half, MB a minute", f"{soaked.slope():+.2f}"),
        *((f"{name} when idle, before and after", f"{was}, {now}") for name, (was, now) in rest.items()),
    ]  # fmt: skip
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {told} |" for what, told in rows)])


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long; below five, the slope says little")
    parser.add_argument("--page", action="store_true", help="write the table into docs/performance.md as well")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        soaked, rest = run(soak(asked.minutes, Path(folder)))
    print(table(soaked, rest, asked.minutes))
    if asked.page:
        put("soak", "make soak", table(soaked, rest, asked.minutes))
    faults = [f"{name} are not back: {was}, then {now}" for name, (was, now) in rest.items() if now > was]
    if soaked.slope() > _SLOPE:
        faults.append(f"memory grows by {soaked.slope():.2f} MB a minute")
    if soaked.fates["lost"]:
        faults.append(f"{soaked.fates['lost']} requests got no answer")
    print("\n".join(faults), file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
