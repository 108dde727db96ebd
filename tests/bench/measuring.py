"""What is measured: load in rounds, each system in turn, and what processes cost before any load."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from deployment import ENV, MODEL, write_settings
from foreign import Foreign
from load import drive, look
from msgspec import Struct
from processes import Served, free_port, script, timed
from talk import ask

GATEWAY, PROXY, LARGE, DIRECT = "gateway", "proxy", "large", "direct"
_IMPORT = "import time; began = time.perf_counter(); import {}; print((time.perf_counter() - began) * 1e3)"
_SERVE = "from lockgate.cli import main; main()"
_WARM_UP = 0.15
_TICK = 0.01
"""Seconds in which the system counts CPU time."""


class Kind(Struct, frozen=True):
    """One kind of load: so many connections, each with a request in flight."""

    figure: str
    in_flight: int
    systems: tuple[str, ...]
    stream: bool = False
    paced: bool = False


KINDS = (
    Kind("request_64", 64, (PROXY, GATEWAY, LARGE)),
    Kind("request_1", 1, (DIRECT, PROXY, GATEWAY)),
    Kind("chunk_at_once", 16, (PROXY, GATEWAY), stream=True),
    Kind("chunk_paced", 64, (PROXY, GATEWAY), stream=True, paced=True),
)


class Bench:
    """Collects figures by name and system, a value a round."""

    def __init__(
        self,
        folder: Path,
        cores: tuple[int | None, int | None],
        large: tuple[int, int],
        say: Callable[[str], None],
    ) -> None:
        self.large = large
        """How many providers and routes the large gateway has."""
        self.figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.foreign: list[float] = []
        self._folder = folder
        self._core, self._load_core = cores
        self._say = say
        self._upstream = free_port()
        self._ports = {DIRECT: self._upstream}
        self._served: dict[str, Served] = {}

    async def run(self, rounds: int, seconds: float, starts: int) -> None:
        with ExitStack() as stack:
            stack.enter_context(Served("mock", script("upstream.py", self._upstream), self._upstream, self._load_core))
            self._measure_starts(starts)
            for name in (PROXY, GATEWAY, LARGE):
                self._say(f"starting {name}")
                served = stack.enter_context(self._start(name))
                self._served[name] = served
                self._ports[name] = served.port
                self._note("ready_ms", name, served.ready_after * 1e3)
                self._note("idle_mb", name, served.rss() / 1e6)
                for kind in KINDS:
                    await look(served.port, self._request(kind, served.port))
                # Connections, caches and the interpreter's own optimizations come with the first load.
                await drive(served.port, self._request(KINDS[0], served.port), 64, seconds, 0.0, served.cpu)
            for number in range(rounds):
                for kind in KINDS:
                    # Turned round every time, so that nobody is always the first.
                    for name in kind.systems[:: -1 if number % 2 else 1]:
                        self._say(f"round {number + 1} of {rounds}: {kind.figure} {name}")
                        await self._measure(kind, name, seconds)

    def _measure_starts(self, times: int) -> None:
        for _ in range(times):
            self._say("imports, embedded calls")
            for name, module in ((PROXY, "aiohttp"), (GATEWAY, "lockgate")):
                self._note("import_ms", name, timed(["-c", _IMPORT.format(module)], self._core))
            self._note("embedded_us", GATEWAY, timed(script("embedded.py", 0.3), self._core))
        for _ in range(times - 1):
            for name in (PROXY, GATEWAY):
                self._say(f"starting {name}")
                with self._start(name) as served:
                    self._note("ready_ms", name, served.ready_after * 1e3)

    def _start(self, name: str) -> Served:
        port = free_port()
        if name == PROXY:
            return Served(name, script("proxy.py", port, self._upstream), port, self._core)
        size = self.large if name == LARGE else (1, 1)
        path = write_settings(self._folder, self._upstream, *size)
        arguments = ["-c", _SERVE, "serve", "--config", str(path), "--port", str(port)]
        return Served(name, arguments, port, self._core, **ENV)

    async def _measure(self, kind: Kind, name: str, seconds: float) -> None:
        port = self._ports[name]
        served = self._served.get(name)
        cpu = served.cpu if served else lambda: 0.0
        foreign = Foreign(self._core, cpu)
        seen = await drive(port, self._request(kind, port), kind.in_flight, _WARM_UP, seconds, cpu)
        if served:
            self.foreign.append(foreign.share())
            count = seen.events if kind.stream else len(seen.latencies)
            self._note(kind.figure, name, max(seen.cpu, _TICK) / max(1, count) * 1e6)
        if kind.in_flight == 1:
            self._note("p50_ms", name, median(seen.latencies) * 1e3)
            self._note("p99_ms", name, quantiles(seen.latencies, n=100)[98] * 1e3)

    def _note(self, figure: str, name: str, value: float) -> None:
        self.figures[figure][name].append(value)

    def _request(self, kind: Kind, port: int) -> bytes:
        model = "m" if port in (self._upstream, self._ports.get(PROXY)) else MODEL
        return ask(port, model, stream=kind.stream, paced=kind.paced)
