"""`lockgate serve --workers`: real processes, killed, reloaded and drained while clients ask them."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

BODY = json.dumps({"model": "fast", "messages": [{"role": "user", "content": "hi"}]}).encode()
ASK = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
)


async def address(server: Any) -> str:
    found = re.search(r"(http://127\.0\.0\.1:\d+) \(.*, 2 workers\)", await server.line())
    assert found
    return found[1]


def workers(server: Any) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


async def told(url: str, path: str, method: str = "GET") -> Any:
    """What a new connection is told, at whichever worker it comes out."""
    headers = {"content-type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as client, client.request(method, url + path) as response:
        return await response.json()


async def at_all(url: str, path: str) -> list[Any]:
    """By so many connections that each worker has some."""
    return [await told(url, path) for _ in range(12)]


async def asked(url: str, model: str = "fast", **headers: str) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}]}
    where = f"{url}/v1/chat/completions"
    async with aiohttp.ClientSession() as client, client.post(where, json=body, headers=headers) as response:
        await response.read()
        return response.status


class Load:
    """Clients that ask again as soon as they are answered, each on a connection of its own."""

    def __init__(self, url: str) -> None:
        self.port = int(url.rpartition(":")[2])
        self.answers = 0
        self.lost: list[int] = []
        """The ports of connections that ended without an answer."""
        self.refused = 0

    async def client(self, *, kept: bool) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                self.refused += 1
                continue
            port = writer.get_extra_info("sockname")[1]
            try:
                while True:
                    writer.write(ASK)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head)
                    assert length, head
                    await reader.readexactly(int(length[1]))
                    assert head.startswith(b"HTTP/1.1 200"), head
                    self.answers += 1
                    if not kept:
                        break
            except (OSError, asyncio.IncompleteReadError):
                self.lost.append(port)
            finally:
                writer.close()

    async def more(self, count: int) -> None:
        """Returns when so many more were answered."""
        until = self.answers + count
        async with asyncio.timeout(20):
            while self.answers < until:
                await asyncio.sleep(0.01)


@asynccontextmanager
async def loaded(url: str) -> AsyncGenerator[Load, None]:
    load = Load(url)
    tasks = [asyncio.create_task(load.client(kept=number % 2 == 0)) for number in range(8)]
    try:
        await load.more(100)
        yield load
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def counted(url: str, name: str) -> float:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/metrics") as response:
        text = await response.text()
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


CALLS = "gen_ai_client_operation_duration_seconds_count"


async def test_a_killed_worker_loses_what_it_was_at_and_nothing_else_and_another_takes_its_place(
    settings: Path, start: Any
) -> None:
    settings.write_text(settings.read_text() + "ledger: {kind: sqlite, path: ledger.db}\n")
    server = await start("serve", "--workers", "2")
    url = await address(server)
    async with loaded(url) as load:
        before = await counted(url, CALLS)
        victim = workers(server)[0]
        victim.suspend()
        await asyncio.sleep(0.2)
        its_own = {each.raddr.port for each in victim.net_connections("tcp") if each.raddr}
        victim.kill()
        await load.more(100)
        assert set(load.lost) <= its_own
        assert load.refused == 0
        async with asyncio.timeout(20):
            while (await told(url, "/health")) != {"status": "ok", "workers": 2, "serving": 2}:
                await asyncio.sleep(0.05)
        assert victim.pid not in [each.pid for each in workers(server)]
        await load.more(100)
        assert set(load.lost) <= its_own
        assert await counted(url, CALLS) >= before
        assert await counted(url, "lockgate_worker_restarts_total") == 1
    server.process.send_signal(signal.SIGTERM)
    assert (await server.end())[0] == 0
    verified = await (await start("audit", "verify")).end()
    assert verified[0] == 0, verified
    audited = json.loads((await (await start("audit", "list", "--kind", "opened", "--json")).end())[1])
    assert sorted(each["details"]["worker"] for each in audited) == ["0 of 2", "0 of 2", "1 of 2"]


async def test_what_workers_count_and_limit_and_decide_is_one_and_ends_with_the_last_answer(
    settings: Path, start: Any, upstream: Any
) -> None:
    rollout = "  moving: {targets: [local/tiny], rollout: {to: [local/other]}}\n"
    settings.write_text(
        settings.read_text().replace("routes:\n", f"routes:\n{rollout}")
        + "limits: {rules: [{scope: 'tenant:few', rpm: 7}]}\nlabels: {header: x-labels}\n"
    )
    server = await start("serve", "--workers", "2")
    url = await address(server)
    got = await asyncio.gather(*(asked(url, **{"x-labels": "tenant=few"}) for _ in range(30)))
    assert sorted(got) == [200] * 7 + [429] * 23
    assert await asyncio.gather(*(asked(url) for _ in range(20))) == [200] * 20
    assert {await counted(url, CALLS) for _ in range(8)} == {50.0}
    assert [each[0]["step"] for each in await at_all(url, "/admin/rollouts")] == [0] * 12
    assert (await told(url, "/admin/rollouts/promote/moving", "POST"))["step"] == 1
    assert [each[0]["step"] for each in await at_all(url, "/admin/rollouts")] == [1] * 12

    async with aiohttp.ClientSession() as client:
        body = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "slowly"}]}
        async with client.post(f"{url}/v1/chat/completions", json=body) as response:
            assert b"Paris" in await response.content.readline()
            server.process.send_signal(signal.SIGTERM)
            assert await server.error_line("stopping: calls in progress")
            async with asyncio.timeout(10):
                while True:
                    try:
                        await told(url, "/health")
                    except aiohttp.ClientConnectorError:
                        break
            upstream.release.set()
            assert (await response.read()).endswith(b"data: [DONE]\n\n")
    assert (await server.end())[0] == 0


async def test_all_workers_take_new_settings_or_none_does(settings: Path, start: Any) -> None:
    settings.write_text(settings.read_text().replace("port: 0", "port: 0\n  workers: 2"))
    good = settings.read_text()
    server = await start("serve")
    url = await address(server)

    async def routes() -> list[set[str]]:
        return [{model["id"] for model in each["data"]} for each in await at_all(url, "/v1/models")]

    async with loaded(url) as load:
        settings.write_text(good.replace("routes:\n", "routes:\n  added: {targets: [local/tiny]}\n"))
        assert (await told(url, "/admin/reload", "POST"))["ok"] is True
        assert all("added" in each for each in await routes())

        settings.write_text(good.replace("local/tiny", "locall/tiny"))
        refused = await told(url, "/admin/reload", "POST")
        assert refused["error"]["faults"][0]["line"] > 0
        assert all("did you mean local?" in each["reload"]["error"] for each in await at_all(url, "/health/providers"))
        # A worker that begins now begins with what serves, not with what the file says.
        workers(server)[0].kill()
        async with asyncio.timeout(20):
            while (await counted(url, "lockgate_worker_restarts_total"), (await told(url, "/health"))["serving"]) != (
                1,
                2,
            ):
                await asyncio.sleep(0.05)
        assert all("added" in each for each in await routes())

        settings.write_text(good)
        server.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(20):
            while any("added" in each for each in await routes()):
                await asyncio.sleep(0.05)
        await load.more(50)
        assert load.refused == 0
        assert len(load.lost) <= 8  # what the killed one was at
    history = json.loads((await (await start("config", "history", "--json")).end())[1])
    assert [each["actor"] for each in history] == ["signal", "admin", "start"]


async def test_a_supervisor_that_is_killed_takes_its_workers_along(settings: Path, start: Any) -> None:
    server = await start("serve", "--workers", "2")
    url = await address(server)
    left = workers(server)
    server.process.kill()
    await server.process.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, left, 10)
    assert (len(gone), alive) == (2, [])
    with pytest.raises(aiohttp.ClientConnectorError):
        await told(url, "/health")


async def test_a_second_signal_ends_all_workers_at_once(settings: Path, start: Any) -> None:
    server = await start("serve", "--workers", "2")
    url = await address(server)
    left = workers(server)
    body = {"model": "fast", "stream": True, "messages": [{"role": "user", "content": "slowly"}]}
    async with aiohttp.ClientSession() as client, client.post(f"{url}/v1/chat/completions", json=body) as response:
        assert b"Paris" in await response.content.readline()
        server.process.send_signal(signal.SIGINT)
        assert await server.error_line("stopping: calls in progress")
        server.process.send_signal(signal.SIGINT)
        assert (await server.end())[0] == 128 + signal.SIGINT
        gone, alive = await asyncio.to_thread(psutil.wait_procs, left, 5)
        assert (len(gone), alive) == (2, [])


async def test_what_is_wrong_with_the_settings_is_said_once(settings: Path, start: Any) -> None:
    settings.write_text(settings.read_text() + "responses: {kind: memory}\n")
    code, _, err = await (await start("serve", "--workers", "2")).end()
    assert code == 1
    assert err.count("lockgate.yaml:") == 1
    assert "responses.kind" in err
    assert "{kind: sqlite, path: answers.db}" in err


async def test_a_port_that_others_serve_is_not_shared_with_them(settings: Path, start: Any) -> None:
    url = await address(await start("serve", "--workers", "2"))
    port = url.rpartition(":")[2]
    code, _, err = await (await start("serve", "--workers", "2", "--port", port)).end()
    assert code == 1
    assert "the port is taken by another program" in err


async def test_workers_that_die_at_the_start_are_not_started_for_ever(settings: Path, start: Any) -> None:
    (settings.parent / "sitecustomize.py").write_text(
        "import os, sys\nif 'lockgate.cli.workers' in sys.orig_argv: os.kill(os.getpid(), 9)\n"
    )
    code, _, err = await (await start("serve", "--workers", "2", PYTHONPATH=str(settings.parent))).end()
    assert code == 1
    assert "error: worker 0 died before it served (killed by SIGKILL)" in err


async def test_where_the_system_does_not_spread_connections_all_workers_listen_on_one_socket(
    settings: Path, start: Any
) -> None:
    (settings.parent / "sitecustomize.py").write_text(
        "import sys\nif 'serve' in sys.orig_argv:\n"
        "    from lockgate.cli.workers import sockets\n    sockets.BALANCED = False\n"
    )
    server = await start("serve", "--workers", "2", PYTHONPATH=str(settings.parent))
    url = await address(server)
    first, second = workers(server)
    for victim, left in ((first, second), (second, first)):
        victim.suspend()
        assert [await asked(url) for _ in range(6)] == [200] * 6, left
        victim.resume()
    server.process.send_signal(signal.SIGTERM)
    assert (await server.end())[0] == 0


async def test_a_rollout_is_where_it_was_after_every_process_was_killed(settings: Path, start: Any) -> None:
    rollout = "  moving: {targets: [local/tiny], rollout: {to: [local/other]}}\n"
    settings.write_text(settings.read_text().replace("routes:\n", f"routes:\n{rollout}"))
    server = await start("serve", "--workers", "2")
    url = await address(server)
    for step in (1, 2):
        assert (await told(url, "/admin/rollouts/promote/moving", "POST"))["step"] == step
    for each in [*workers(server), psutil.Process(server.process.pid)]:
        each.kill()
    await server.end()
    again = await start("serve", "--workers", "2")
    url = await address(again)
    assert [each[0]["step"] for each in await at_all(url, "/admin/rollouts")] == [2] * 12
    assert (await told(url, "/admin/rollouts/rollback/moving", "POST"))["phase"] == "rolled_back"
    victim = workers(again)[0]
    victim.kill()
    async with asyncio.timeout(20):
        while (await told(url, "/health")) != {"status": "ok", "workers": 2, "serving": 2}:
            await asyncio.sleep(0.05)
    assert {each[0]["phase"] for each in await at_all(url, "/admin/rollouts")} == {"rolled_back"}


async def test_the_supervisor_gives_up_when_no_worker_stays_alive(settings: Path, start: Any) -> None:
    broken = settings.parent / "broken"
    (settings.parent / "sitecustomize.py").write_text(
        "import os, sys\n"
        f"if 'lockgate.cli.workers' in sys.orig_argv and os.path.exists({str(broken)!r}): os.kill(os.getpid(), 9)\n"
        "if 'serve' in sys.orig_argv:\n    from lockgate.cli.workers import slot\n    slot._FIRST_WAIT = 0.01\n"
    )
    server = await start("serve", "--workers", "2", PYTHONPATH=str(settings.parent))
    await address(server)
    broken.touch()
    for each in workers(server):
        each.kill()
    code, _, err = await server.end()
    assert code == 1
    assert "no worker stays alive, 5 were tried: worker" in err
