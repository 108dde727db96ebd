"""Processes under measurement: started on a core of their own, with their CPU time and memory read from outside."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import psutil

HERE = Path(__file__).parent
READY_WITHIN = 240.0
"""Seconds; long, since the machine may have much else to do."""
_ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Whatever is measured is compiled once, as what is installed is, and not anew at each start."""


def cores() -> tuple[int | None, int | None]:
    """The core of what is measured, and that of the mock and the load; None where there are no two to choose from."""
    if hasattr(os, "sched_getaffinity"):
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) > 1:
            return usable[0], usable[1]
    return None, None


def pin(core: int | None) -> None:
    """Keeps this process, and those that it starts, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Served:
    """A server process that listens on `port`. `ready_after`: seconds from its start until it took a connection."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        port: int,
        core: int | None,
        program: str = sys.executable,
        **env: str,
    ) -> None:
        self.name = name
        self.port = port
        self._errors = TemporaryFile()  # noqa: SIM115  closed with the process
        began = time.perf_counter()
        self._process = subprocess.Popen(
            [program, *arguments],
            env={**_ENV, **env},
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            preexec_fn=lambda: pin(core),
        )
        self._seen = psutil.Process(self._process.pid)
        try:
            self._await_ready(began + READY_WITHIN)
        except BaseException:
            self.stop()
            raise
        self.ready_after = time.perf_counter() - began

    def _await_ready(self, until: float) -> None:
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                self._errors.seek(0)
                raise RuntimeError(f"{self.name} did not start: {self._errors.read().decode(errors='replace')[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.1).close()
            except OSError:
                time.sleep(0.002)
            else:
                return
        raise RuntimeError(f"{self.name} did not listen on port {self.port} within {READY_WITHIN:g} s")

    def cpu(self) -> float:
        """Seconds of CPU, user and system, that the process and those below it have used."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self._tree()))

    def rss(self) -> int:
        """Resident memory of the process and those below it, in bytes."""
        return sum(each.memory_info().rss for each in self._tree())

    def descriptors(self) -> int:
        """Open files and sockets of the process."""
        return self._seen.num_fds()

    def _tree(self) -> list[psutil.Process]:
        return [self._seen, *self._seen.children(recursive=True)]

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def script(name: str, *arguments: object) -> list[str]:
    return [str(HERE / name), *map(str, arguments)]


def timed(arguments: list[str], core: int | None) -> float:
    """Runs Python to its end, and returns the number that it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env=_ENV,
        preexec_fn=lambda: pin(core),
        capture_output=True,
        text=True,
        timeout=READY_WITHIN,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)[:100]}: {done.stderr[-2000:]}")
    return float(done.stdout)


def say(what: str) -> None:
    """Progress, on one line, for whoever watches."""
    if sys.stderr.isatty():
        print(f"\r{what:<60}", end="\r", file=sys.stderr, flush=True)
    elif what and os.environ.get("CI") is None:
        print(what, file=sys.stderr, flush=True)
