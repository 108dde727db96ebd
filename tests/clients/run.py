"""Runs every client against `lockgate serve` and writes docs/clients.md: `make clients`.

`ARGS="codex use_openai"` runs those alone and prints what went wrong, without writing the page.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import agents
from fidelity import difference
from installing import NODE, PYTHON, install, versions
from roster import CLIENTS, Client
from scripted import CLIENT_KEY, LANGUAGES, PATCHER, VARIABLES, Scripted, scripted, settings
from table import PAGE, Results, page
from tap import tap

HERE = Path(__file__).parent
AGENTS = {"claude": agents.claude_code, "codex": agents.codex}
OWN = {"claude": "anthropic", "codex": "responses"}
"""The language that each agent speaks itself."""
_READY = re.compile(r"lockgate is ready on (http://\S+) ")


@asynccontextmanager
async def served(upstream: Scripted) -> AsyncIterator[str]:
    """The address of a `lockgate serve` in front of the upstream."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lockgate.yaml")
        path.write_text(json.dumps(settings(upstream.url)))  # JSON is YAML
        running = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("lockgate"), "serve", "--config", path),
            env={**os.environ, **VARIABLES},
            stdout=asyncio.subprocess.PIPE,
        )
        assert running.stdout is not None
        try:
            async for line in running.stdout:
                if found := _READY.search(line.decode()):
                    break
            else:
                raise SystemExit("lockgate serve did not start")
            drain = asyncio.create_task(running.stdout.read())
            yield found[1]
        finally:
            running.terminate()
            await running.wait()
            await drain


async def play(client: Client, url: str, upstream: str) -> dict[tuple[str, str], str | None]:
    """All scenes with all upstreams, in a process of the client's own."""
    command = (PYTHON, HERE / "python") if client.runs == "python" else ("node", NODE / "main.mjs")
    running = await asyncio.create_subprocess_exec(
        *(*command, client.module, url, CLIENT_KEY, upstream, ",".join(LANGUAGES)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, wrong = await running.communicate()
    if running.returncode:
        raise SystemExit(f"{client.title} did not run to its end: {wrong.decode()[-2000:]}")
    return {(scene, language): fault for scene, language, fault in map(json.loads, told.splitlines())}


async def session(client: Client, url: str, model: str) -> str | None:
    """What went wrong in an agent's session with one upstream, or None."""
    program = NODE / "node_modules" / ".bin" / client.module
    try:
        await AGENTS[client.module](program, url, CLIENT_KEY, model)
    except AssertionError as fault:
        return str(fault)
    return None


async def main(chosen: list[str]) -> int:
    """Exit code 1 when a client failed."""
    install()
    there = versions()
    results: Results = {}
    unchanged: dict[str, str | None] = {}
    async with scripted() as upstream, served(upstream) as url:
        for client in CLIENTS:
            if chosen and client.module not in chosen:
                continue
            if client.package not in there or (client.beside or client.package) not in there:
                print(f"{client.title}: not run, it is not installed")
                continue
            if client.runs == "agent":
                faults = {("tools", each): await session(client, url, f"agent-{each}") for each in LANGUAGES}
                if client.module == "codex":
                    faults |= {
                        ("tools", f"{each} (free text)"): await session(client, url, f"{PATCHER}-{each}")
                        for each in LANGUAGES
                    }
                async with tap(url) as near:
                    own = OWN[client.module]
                    upstream.seen.clear()
                    fault = await session(client, near.url, f"agent-{own}")
                    unchanged[client.title] = fault or difference(near, upstream, f"agent-{own}", "agent")
                faults[("tools", "its own language")] = unchanged[client.title]
            else:
                faults = await play(client, url, upstream.url)
            results[client] = faults
            report(client, faults)
    if not chosen:
        PAGE.write_text(page(results, there, unchanged))
        print(page(results, there, unchanged))
    return int(any(fault is not None for faults in results.values() for fault in faults.values()))


def report(client: Client, faults: dict[tuple[str, str], str | None]) -> None:
    failed = {at: fault for at, fault in faults.items() if fault is not None}
    print(f"{client.title}: {len(faults) - len(failed)} of {len(faults)} scenes")
    for (scene, language), fault in failed.items():
        print(f"  {scene} with {language}: {fault}")


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1:])))
