"""`import lockgate` is cheap and touches nothing."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

PROBE = """if True:
    import json, os, sys, time, psutil
    opened, sockets, started = [], [], []
    def watch(event, args):
        if event == "open" and isinstance(args[0], str):
            opened.append(os.path.realpath(args[0]))
        elif event.startswith("socket."):
            sockets.append(event)
        elif event in ("subprocess.Popen", "os.system", "os.fork", "os.posix_spawn"):
            started.append(event)
    sys.addaudithook(watch)
    before, memory, start = set(sys.modules), psutil.Process().memory_info().rss, time.perf_counter()
    import lockgate
    seconds, grown = time.perf_counter() - start, psutil.Process().memory_info().rss - memory
    import lockgate_core, lockgate_ports
    own = [os.path.dirname(module.__file__) for module in (lockgate, lockgate_core, lockgate_ports)]
    own += [path for path in sys.path if path.endswith("site-packages")] + [os.path.dirname(os.__file__)]
    own = tuple(os.path.realpath(path) + os.sep for path in own)
    print(json.dumps({
        "opened": [path for path in opened if not path.startswith(own) and not path.startswith("/proc/")],
        "sockets": sockets, "started": started, "modules": sorted(set(sys.modules) - before),
        "seconds": seconds, "bytes": grown,
    }))
"""


def probe() -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@cache
def first() -> dict[str, Any]:
    return probe()


def test_it_opens_no_socket_and_starts_no_process() -> None:
    assert (first()["sockets"], first()["started"]) == ([], [])


def test_it_reads_no_file_but_code() -> None:
    assert first()["opened"] == []


@pytest.mark.parametrize("name", ["dependency_injector", "aiohttp", "opentelemetry", "yaml", "rich", "uvloop"])
def test_it_leaves_what_a_gateway_needs_for_later(name: str) -> None:
    assert not [module for module in first()["modules"] if module.split(".")[0] == name]


def test_it_loads_no_plugin() -> None:
    assert not [module for module in first()["modules"] if module.startswith("llm_plugin")]


def test_a_server_on_the_lean_client_brings_no_other_http_client() -> None:
    seen = (
        "import sys, lockgate.cli.serving, lockgate.ways, lockgate.surfaces.listener; print('aiohttp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_it_takes_less_than_150_ms_and_40_mb() -> None:
    runs = [probe() for _ in range(7)]
    assert min(run["seconds"] for run in runs) < 0.150
    assert min(run["bytes"] for run in runs) < 40 * 2**20
