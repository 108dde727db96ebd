"""What `/metrics` says, as a real Prometheus takes it: looked for on the PATH, and in $LOCKGATE_PROMETHEUS.

Debian's package `prometheus` has it: `apt-get install prometheus`, or unpack it somewhere and name that folder.
"""

import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from gateway import Served, serving, settings
from upstream import answer, http, stream, upstream

_PATH = os.pathsep.join([os.environ.get("LOCKGATE_PROMETHEUS", ""), os.environ.get("PATH", "")])
SERVER, TOOL = shutil.which("prometheus", path=_PATH), shutil.which("promtool", path=_PATH)
pytestmark = pytest.mark.skipif(SERVER is None or TOOL is None, reason="no Prometheus is installed here")

ASK = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
_ODD = 'm"o\\dé'


async def used(gw: Served, up: Any) -> None:
    """Calls of several sorts: answered, streamed, failed, of odd names."""
    up.say([answer()])
    await gw.ask(ASK)
    assert (await gw.ask({**ASK, "model": f"up/{_ODD}"})).status == 200
    head, *pieces = stream("a", "b", "c")
    up.say([head, *(step for piece in pieces for step in (piece, 0.02))])
    await gw.ask({**ASK, "stream": True})
    up.say([http(b"{}", 400)])
    await gw.ask(ASK)


async def test_the_text_has_no_fault_that_its_own_tool_knows() -> None:
    async with upstream() as up, serving(settings(up.url)) as gw:
        await used(gw, up)
        text = (await gw.get("/metrics")).body
    done = subprocess.run([str(TOOL), "check", "metrics"], input=text, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


@asynccontextmanager
async def scraping(folder: Path, target: str) -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    (folder / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: gateway, scrape_interval: 1s, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    words = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    process = await asyncio.create_subprocess_exec(
        str(SERVER), *words, f"--web.listen-address={place}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://{place}/api/v1"
    finally:
        process.terminate()
        await process.wait()


async def test_a_scrape_takes_everything(tmp_path: Path) -> None:
    async with upstream() as up, serving(settings(up.url)) as gw:
        await used(gw, up)
        async with scraping(tmp_path, gw.url.removeprefix("http://")) as api, aiohttp.ClientSession() as client:

            async def asked(query: str) -> list[dict[str, Any]]:
                async with client.get(f"{api}/query", params={"query": query}) as told:
                    return (await told.json())["data"]["result"]

            async with asyncio.timeout(60):
                while True:
                    try:
                        if [row["value"][1] for row in await asked('up{job="gateway"}')] == ["1"]:
                            break
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.2)
            answered = 'gen_ai_client_operation_duration_seconds_count{error_type=""}'
            assert sum(float(row["value"][1]) for row in await asked(answered)) == 3
            models = {row["metric"]["gen_ai_request_model"] for row in await asked(answered)}
            assert "fast" in models
            quick = "gen_ai_client_operation_time_per_output_chunk_seconds_count"
            assert [float(row["value"][1]) >= 1 for row in await asked(quick)] == [True]
            buckets = "sum by (le) (gen_ai_client_operation_duration_seconds_bucket)"
            [row] = await asked(f"histogram_quantile(0.5, {buckets})")
            assert 0 < float(row["value"][1]) < 10
