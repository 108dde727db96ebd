"""What is measured: load in rounds, each system in turn, and what processes cost before any load."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from deployment import CLAUDE, ENV, GEMINI, MODEL, ONE, Size, write_settings
from foreign import Foreign
from load import drive, look
from msgspec import Struct, structs
from processes import Served, free_port, script, timed
from talk import CHUNKS, ask

GATEWAY, PROXY, LARGE, FULL, DIRECT = "gateway", "proxy", "large", "full", "direct"
SERVE = "from lockgate.cli import main; main()"
_IMPORT = "import time; began = time.perf_counter(); import {}; print((time.perf_counter() - began) * 1e3)"
_WARM_UP = 0.5
"""Seconds: whoever was not asked for half a minute has to connect to the provider anew."""
_PATIENCE = 4
"""So many times as long a peer is measured: some take as long for one answer as others for a hundred."""
_TICK = 0.01
"""Seconds in which the system counts CPU time."""


class Kind(Struct, frozen=True):
    """One kind of load: so many connections, each with a request in flight. `against` is the figure of the bare proxy
    that it is compared with; the proxy translates nothing."""

    figure: str
    in_flight: int
    systems: tuple[str, ...]
    stream: bool = False
    wish: str = ""
    model: str = MODEL
    against: str = ""


KINDS = (
    Kind("request_64", 64, (PROXY, GATEWAY, FULL, LARGE)),
    Kind("request_1", 1, (DIRECT, PROXY, GATEWAY)),
    Kind("claude_64", 64, (GATEWAY,), model=CLAUDE, against="request_64"),
    Kind("gemini_64", 64, (GATEWAY,), model=GEMINI, against="request_64"),
    Kind("chunk_at_once", 16, (PROXY, GATEWAY, FULL), stream=True),
    Kind("chunk_paced", 64, (PROXY, GATEWAY), stream=True, wish="paced"),
    Kind("claude_chunk", 16, (GATEWAY,), stream=True, model=CLAUDE, against="chunk_at_once"),
    Kind("gemini_chunk", 16, (GATEWAY,), stream=True, model=GEMINI, against="chunk_at_once"),
)


class Peer(Struct, frozen=True):
    """Another gateway: the command that serves it on `{port}` in front of the mock at `{upstream}`, and the header
    fields that its clients send besides the usual ones."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    model: str = "m"


class Bench:
    """Collects figures by name and system, a value a round."""

    def __init__(
        self,
        folder: Path,
        cores: tuple[int | None, int | None],
        large: tuple[int, int],
        say: Callable[[str], None],
        peers: tuple[Peer, ...] = (),
    ) -> None:
        self.large = large
        """How many providers and routes the large gateway has."""
        self.figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.foreign: list[float] = []
        self.peers = {peer.name: peer for peer in peers}
        self._unable: set[tuple[str, str]] = set()
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
            for name in (PROXY, GATEWAY, FULL, LARGE, *self.peers):
                self._say(f"starting {name}")
                served = stack.enter_context(self._start(name))
                self._served[name] = served
                self._ports[name] = served.port
                self._note("ready_ms", name, served.ready_after * 1e3)
                self._note("idle_mb", name, served.rss() / 1e6)
                for kind in KINDS:
                    if name in self._systems(kind):
                        await self._look(kind, name)
                # Connections, caches and the interpreter's own optimizations come with the first load.
                await drive(served.port, [self._request(KINDS[0], name)], 64, seconds, 0.0, served.cpu)
            for number in range(rounds):
                for kind in KINDS:
                    # Turned round every time, so that nobody is always the first.
                    for name in self._systems(kind)[:: -1 if number % 2 else 1]:
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

    def _systems(self, kind: Kind) -> tuple[str, ...]:
        """Who is measured; the peers as they are where nothing is translated."""
        if kind.against:
            return kind.systems
        return *kind.systems, *(peer for peer in self.peers if (peer, kind.figure) not in self._unable)

    async def _look(self, kind: Kind, name: str) -> None:
        """A peer that cannot do it is left out of this figure."""
        try:
            await look(self._ports[name], self._request(kind, name), CHUNKS if kind.stream else 1)
        except (RuntimeError, OSError, EOFError) as error:
            if name not in self.peers:
                raise
            self._say(f"{name} is left out of {kind.figure}: {error}"[:400])
            self._unable.add((name, kind.figure))

    def _start(self, name: str) -> Served:
        port = free_port()
        if name == PROXY:
            return Served(name, script("proxy.py", port, self._upstream), port, self._core)
        if (peer := self.peers.get(name)) is not None:
            words = [word.format(port=port, upstream=self._upstream) for word in peer.command]
            env = {key: value.format(upstream=self._upstream) for key, value in peer.env.items()}
            return Served(name, words[1:], port, self._core, program=words[0], **env)
        size = ONE
        if name == LARGE:
            size = Size(*self.large)
        elif name == FULL:
            size = structs.replace(ONE, ledger=self._folder / f"ledger-{port}.db", traced=0.01)
        path = write_settings(self._folder / f"{name}.yaml", self._upstream, size)
        return Served(name, ["-c", SERVE, "serve", "--config", str(path), "--port", str(port)], port, self._core, **ENV)

    async def _measure(self, kind: Kind, name: str, seconds: float) -> None:
        port = self._ports[name]
        served = self._served.get(name)
        cpu = served.cpu if served else lambda: 0.0
        foreign = Foreign(self._core, cpu)
        if name in self.peers:
            seconds *= _PATIENCE
        seen = await drive(port, [self._request(kind, name)], kind.in_flight, _WARM_UP, seconds, cpu)
        if served:
            self.foreign.append(foreign.share())
            count = seen.events if kind.stream else len(seen.latencies)
            if count or name not in self.peers:
                self._note(kind.figure, name, max(seen.cpu, _TICK) / max(1, count) * 1e6)
        if kind.in_flight == 1 and len(seen.latencies) > 1:
            self._note("p50_ms", name, median(seen.latencies) * 1e3)
            self._note("p99_ms", name, quantiles(seen.latencies, n=100)[98] * 1e3)

    def _note(self, figure: str, name: str, value: float) -> None:
        self.figures[figure][name].append(value)

    def _request(self, kind: Kind, name: str) -> bytes:
        model, headers = kind.model, {}
        if name in (DIRECT, PROXY):
            model = "m"
        elif (peer := self.peers.get(name)) is not None:
            model = peer.model
            headers = {key: value.format(upstream=self._upstream) for key, value in peer.headers.items()}
        return ask(self._ports[name], model, stream=kind.stream, wish=kind.wish, headers=headers)
