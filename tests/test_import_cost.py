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
OPENED = """if True:
    import asyncio, json, sys, lockgate, lockgate.cli.serving
    async def main():
        url = "http://127.0.0.1:9/v1"
        providers = {"there": {"kind": "openai-compatible", "base_url": url, "credential_refs": ["env:KEY"]}}
        settings = {"providers": providers, "routes": {"fast": {"targets": ["there/m"]}}}
        async with lockgate.open_gateway(settings, env={"KEY": "k"}) as gateway:
            gateway.front_door(loopback=True)
            print(json.dumps(sorted(sys.modules)))
    asyncio.run(main())
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


@cache
def brought_by_a_server() -> frozenset[str]:
    done = subprocess.run([sys.executable, "-c", OPENED], capture_output=True, text=True, timeout=60, check=True)
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["aiohttp", "opentelemetry", "prometheus_client", "rich", "sqlite3"])
def test_a_server_whose_settings_need_it_not_leaves_it_unimported(name: str) -> None:
    assert name not in brought_by_a_server()


def test_it_takes_less_than_150_ms_and_40_mb() -> None:
    runs = [probe() for _ in range(7)]
    assert min(run["seconds"] for run in runs) < 0.150
    assert min(run["bytes"] for run in runs) < 40 * 2**20
