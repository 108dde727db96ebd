"""`lockgate serve`, as a process: it says when it is ready, drains, and tells what is in its way."""

import asyncio
import json
import re
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


SLOW = """
import asyncio, sys
from lockgate_ports.hooks import ModelFactory, NoSettings, hookimpl

class Slow:
    models = ()
    async def open(self):
        print("loading", file=sys.stderr, flush=True)
        await asyncio.sleep(2)
    async def aclose(self):
        print("let go", file=sys.stderr)

@hookimpl
def register_models():
    return [ModelFactory(kind="slow", settings=NoSettings, build=lambda *_: Slow(), origins=lambda _: ())]
"""


async def address(server: Any) -> str:
    """The URL of the ready line."""
    line = await server.line()
    found = re.fullmatch(r"lockgate is ready on (http://127\.0\.0\.1:\d+) \(1 provider, 2 routes\)\n", line)
    assert found, line
    return found[1]


async def answers(url: str) -> bool:
    """Whether a new connection is taken."""
    try:
        async with aiohttp.ClientSession() as client, client.get(f"{url}/health"):
            return True
    except aiohttp.ClientConnectionError:
        return False


def question(words: str, model: str = "fast") -> dict[str, Any]:
    return {"model": model, "stream": True, "messages": [{"role": "user", "content": words}]}


async def test_it_is_ready_when_it_says_so_and_answers(settings: Path, start: Any) -> None:
    server = await start("serve")
    url = await address(server)
    async with aiohttp.ClientSession() as client, client.post(f"{url}/v1/chat/completions", json=question("hi")) as got:
        assert got.status == 200
        assert (await got.text()).endswith("data: [DONE]\n\n")


async def test_the_command_line_wins_over_the_settings(settings: Path, start: Any) -> None:
    settings.write_text(settings.read_text().replace("port: 0", "host: 192.0.2.1\n  port: 1"))
    url = await address(await start("serve", "--host", "127.0.0.1", "--port", "0"))
    assert not url.endswith(":1")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_a_stream_end_and_takes_no_new_call(
    settings: Path, start: Any, upstream: Any, number: signal.Signals
) -> None:
    server = await start("serve")
    url = await address(server)
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{url}/v1/chat/completions", json=question("slowly")) as got,
    ):
        assert b"Paris" in await got.content.readany()
        server.process.send_signal(number)
        await server.error_line("stopping: calls in progress have 30 s to end")
        async with asyncio.timeout(5):
            while await answers(url):
                pass
        upstream.release.set()
        assert (await got.text()).endswith("data: [DONE]\n\n")
    assert await server.end() == (0, "", "")


async def test_a_second_signal_quits_at_once(settings: Path, start: Any) -> None:
    server = await start("serve")
    url = await address(server)
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{url}/v1/chat/completions", json=question("slowly")) as got,
    ):
        await got.content.readany()
        server.process.send_signal(signal.SIGTERM)
        await server.error_line("stopping")
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await server.process.wait() == 128 + signal.SIGTERM


async def test_a_signal_before_it_is_ready_stops_it(tmp_path: Path, start: Any) -> None:
    info = tmp_path / "site" / "llm_plugin_slow-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-plugin-slow\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lockgate.plugins]\nslow = llm_plugin_slow\n")
    (info.parent / "llm_plugin_slow.py").write_text(SLOW)
    (tmp_path / "lockgate.yaml").write_text("providers: {it: {kind: slow}}\n")
    server = await start("serve", PYTHONPATH=str(info.parent))
    await server.error_line("loading")
    server.process.send_signal(signal.SIGTERM)
    code, out, err = await server.end()
    assert (code, out) == (0, "")
    assert "let go" in err


async def test_a_taken_port_is_an_error_of_one_line(settings: Path, start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = await (await start("serve", "--port", str(port))).end()
    assert (code, out) == (1, "")
    assert err.splitlines()[1:] == [
        f"error: cannot listen on 127.0.0.1:{port}: the port is taken by another program; choose another with --port"
    ]


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_here_is_an_error_of_one_line(settings: Path, start: Any, host: str) -> None:
    settings.write_text(settings.read_text() + "\nauth: {open: true}\n")
    code, _, err = await (await start("serve", "--host", host)).end()
    assert code == 1
    assert f"error: cannot listen on {host}:0" in err
    assert "--host" in err
    assert "Traceback" not in err


async def test_hello_asks_and_shows_how_to_ask(settings: Path, start: Any, upstream: Any) -> None:
    settings.write_text(settings.read_text().replace("  fast:", "  default:"))
    server = await start("serve", "--hello")
    url = (await server.line()).split()[4]
    shown = await server.until("Serving until Ctrl-C")
    assert "  Paris it is.\n" in shown
    assert re.search(r"^  route  default -> local/tiny \(1 attempt\)$", shown, re.MULTILINE)
    assert re.search(r"^  usage  9 tokens in, 3 out$", shown, re.MULTILINE)
    assert re.search(r"^  time   \d+\.\d\d s to the first token, \d+\.\d\d s in all$", shown, re.MULTILINE)
    assert f"curl {url}/v1/chat/completions" in shown
    assert f'client = OpenAI(base_url="{url}/v1", api_key="unused")' in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert upstream.seen[0]["body"]["stream_options"] == {"include_usage": True}
    async with aiohttp.ClientSession() as client, client.get(f"{url}/health") as got:
        assert got.status == 200
    server.process.send_signal(signal.SIGINT)
    assert (await server.end())[0] == 0


async def test_the_lines_that_hello_prints_work(settings: Path, start: Any) -> None:
    server = await start("serve", "--hello")
    shown = await server.until("Serving until Ctrl-C")
    curl = re.search(r"^curl .*?'$", shown, re.MULTILINE | re.DOTALL)
    python = re.search(r"^from openai.*?print\([^\n]*\)$", shown, re.MULTILINE | re.DOTALL)
    assert curl
    assert python
    for command in (("sh", "-c", curl[0].replace("curl ", "curl -s ", 1)), (sys.executable, "-c", python[0])):
        asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        out, _ = await asked.communicate()
        assert b"Paris it is." in out


async def test_hello_shows_its_client_key_by_name_alone(settings: Path, start: Any) -> None:
    keyed = settings.read_text().replace("server:", "server:\n  client_credential_refs: [env:CLIENT_KEY]")
    settings.write_text(keyed)
    server = await start("serve", "--hello", CLIENT_KEY="ck-secret-123456")
    shown = await server.until("Serving until Ctrl-C")
    assert "Paris it is." in shown
    assert 'api_key=os.environ["CLIENT_KEY"]' in shown
    assert '-H "Authorization: Bearer $CLIENT_KEY"' in shown
    assert "ck-secret" not in shown


async def test_hello_says_when_it_has_no_client_key_to_ask_with(settings: Path, start: Any, upstream: Any) -> None:
    (settings.parent / "key").write_text("ck-secret-123456")
    (settings.parent / "key").chmod(0o600)
    ref = f"server:\n  client_credential_refs: ['file:{settings.parent / 'key'}']"
    settings.write_text(settings.read_text().replace("server:", ref))
    shown = await (await start("serve", "--hello")).until("Serving until Ctrl-C")
    assert "Nothing was asked: no client key stands in an environment variable." in shown
    assert 'api_key=os.environ["LOCKGATE_CLIENT_KEY"]' in shown
    assert upstream.seen == []


async def test_hello_has_nothing_to_ask_where_nothing_is_configured(tmp_path: Path, start: Any) -> None:
    (tmp_path / "lockgate.yaml").write_text("server: {port: 0}\n")
    assert "There is nothing to ask" in await (await start("serve", "--hello")).until("Serving until Ctrl-C")


async def test_a_question_that_fails_leaves_the_server_up(settings: Path, start: Any, upstream: Any) -> None:
    upstream.status = 503
    server = await start("serve", "--hello")
    url = await address(server)
    shown = await server.until("Serving until Ctrl-C")
    assert "The question failed: no capacity" in shown
    async with aiohttp.ClientSession() as client, client.get(f"{url}/health") as got:
        assert got.status == 200


async def test_no_key_and_no_body_comes_to_the_log(settings: Path, start: Any, upstream: Any) -> None:
    server = await start("serve", "--log-level", "debug", "--log-json", CANARY_KEY="sk-canary-0123456789abcdef")
    url = await address(server)
    port = int(url.rpartition(":")[2])
    async with aiohttp.ClientSession() as client:
        for status in (200, 503):
            upstream.status = status
            async with client.post(f"{url}/v1/chat/completions", json=question("canary-body")) as got:
                await got.read()
        async with client.post(f"{url}/v1/chat/completions", data=b'{"canary-body": ') as got:
            assert got.status >= 400
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nauthorization: Bearer canary-body\x00\r\n\r\n")
    assert b"400" in await reader.readline()
    writer.close()
    server.process.send_signal(signal.SIGTERM)
    _, out, err = await server.end()
    assert "canary" not in out + err
    for line in err.splitlines():
        if line.startswith("{"):
            assert {"time", "level", "logger", "message"} <= json.loads(line).keys()


async def test_listening_to_everybody_without_keys_is_refused_unless_it_is_meant(settings: Path, start: Any) -> None:
    server = await start("serve", "--host", "0.0.0.0")
    told = await server.error_line("error:")
    assert "server.client_credential_refs" in told
    assert "auth: {open: true}" in told
    assert (await server.end())[0] == 1
    settings.write_text(settings.read_text() + "\nauth: {open: true}\n")
    server = await start("serve", "--host", "0.0.0.0")
    assert "auth.open" in await server.error_line("warning:")


async def test_without_any_settings_the_embedded_model_says_hello(start: Any) -> None:
    server = await start("serve", "--hello", "--port", "0")
    shown = await server.until("Serving until Ctrl-C")
    assert "Paris" in shown
    assert "  route  default -> llamacpp/smollm2 (1 attempt)\n" in shown
    server.process.send_signal(signal.SIGTERM)
    assert (await server.end())[0] == 0
