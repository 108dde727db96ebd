"""`lockgate serve` takes new settings by signal and by itself, keeps the old ones, and `lockgate config` goes back."""

import asyncio
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


async def address(server: Any) -> str:
    found = re.search(r"(http://127\.0\.0\.1:\d+)", await server.line())
    assert found
    return found[1]


class Done(NamedTuple):
    code: int
    out: str
    err: str


async def run(start: Any, *arguments: str) -> Done:
    return Done(*await (await start(*arguments)).end())


async def routes(url: str) -> set[str]:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/v1/models") as response:
        return {model["id"] for model in (await response.json())["data"]}


async def until(url: str, route: str, *, there: bool = True) -> None:
    async with asyncio.timeout(20):
        while (route in await routes(url)) != there:
            await asyncio.sleep(0.05)


def with_route(settings: Path, name: str) -> None:
    settings.write_text(settings.read_text().replace("routes:\n", f"routes:\n  {name}: {{targets: [local/tiny]}}\n"))


async def test_hanging_up_takes_new_settings_and_a_fault_keeps_the_old_ones(settings: Path, start: Any) -> None:
    server = await start("serve")
    url = await address(server)
    with_route(settings, "added")
    server.process.send_signal(signal.SIGHUP)
    await until(url, "added")
    good = settings.read_text()
    settings.write_text(good.replace("local/tiny", "locall/tiny"))
    server.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(20), aiohttp.ClientSession() as client:
        while True:
            async with client.get(f"{url}/health/providers") as response:
                told = (await response.json()).get("reload", {})
            if told.get("ok") is False:
                break
            await asyncio.sleep(0.05)
    assert "did you mean local?" in told["error"]
    assert "added" in await routes(url)


async def test_files_are_watched_where_the_settings_say_so_and_a_rollback_is_one_command(
    settings: Path, start: Any
) -> None:
    settings.write_text(settings.read_text() + "reload: {watch: true}\n")
    first = settings.read_text()
    server = await start("serve")
    url = await address(server)
    with_route(settings, "added")
    await until(url, "added")

    told = json.loads((await run(start, "config", "history", "--json")).out)
    assert [(each["number"], each["actor"]) for each in told] == [(2, "file"), (1, "start")]
    assert (await run(start, "config", "show", "1")).out == first

    back = await run(start, "config", "rollback", "--url", url)
    assert back.code == 0, back.err
    await until(url, "added", there=False)
    assert settings.read_text() == first

    await run(start, "config", "rollback", "2", "--url", url)
    assert "added" in await routes(url)


async def test_a_rollback_to_faulty_settings_is_refused_and_without_a_gateway_it_says_so(
    settings: Path, start: Any
) -> None:
    server = await start("serve")
    await address(server)
    server.process.send_signal(signal.SIGTERM)
    await server.end()
    first = settings.read_text()
    settings.write_text(first.replace("local/tiny", "locall/tiny"))
    back = await run(start, "config", "rollback", "--url", "http://127.0.0.1:9")
    assert back.code == 0, back.err
    assert "no gateway answers" in back.err
    assert settings.read_text() == first
    faulty = await run(start, "config", "rollback", "2", "--url", "http://127.0.0.1:9")
    assert faulty.code == 1
    assert "did you mean local?" in faulty.err
    assert settings.read_text() == first
    assert (await run(start, "config", "rollback", "77")).code == 1
