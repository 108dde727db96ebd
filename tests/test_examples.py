"""Every example in docs/examples does what its page says."""

import asyncio
import importlib.util
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp
import pytest
import yaml
from asgiref.testing import ApplicationCommunicator

from lockgate import ChatRequest, InvalidRequest, open_gateway, user
from lockgate.surfaces.bounds import Bounds
from lockgate.surfaces.listener import Listener

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
KEYS = {"OPENAI_API_KEY": "unused", "OPENAI_SPARE_KEY": "unused", "LOCKGATE_CLIENT_KEY": "unused"}


def module(path: Path) -> ModuleType:
    """A file as a module, by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = made  # dataclasses look their module up
    spec.loader.exec_module(made)
    return made


class EnvAsText(yaml.SafeLoader):
    """Reads `!env` as the text that it is."""


EnvAsText.add_constructor("!env", lambda loader, node: node.value)

upstream = module(ROOT / "tests" / "flow" / "upstream.py")


def example(name: str) -> ModuleType:
    return module(EXAMPLES / f"{name}.py")


def deployments() -> Iterator[Any]:
    """Each example of settings, in each of its environments."""
    for path in sorted(EXAMPLES.glob("*.yaml")):
        for environment in (None, *(yaml.load(path.read_text(), Loader=EnvAsText).get("environments") or ())):
            yield pytest.param(path, environment, id=f"{path.name}:{environment}")


@pytest.fixture
async def up() -> AsyncIterator[Any]:
    async with upstream.upstream() as made:
        yield made


@pytest.fixture
def settings(up: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The path of settings that lead to the scripted upstream `up`, by the routes `default` and `fast`."""
    monkeypatch.setenv("UP_KEY", "sk-unused")
    path = tmp_path / "lockgate.yaml"
    provider = {"kind": "openai-compatible", "base_url": up.url, "credential_ref": "env:UP_KEY"}
    routes = {"default": {"targets": ["up/m"]}, "fast": {"targets": ["up/m"]}}
    path.write_text(json.dumps({"providers": {"up": provider}, "routes": routes, "retry": {"max_attempts": 1}}))
    return str(path)


@pytest.mark.parametrize(("path", "environment"), list(deployments()))
async def test_a_deployment_opens(path: Path, environment: str | None, tmp_path: Path) -> None:
    keys, here = tmp_path / "keys.yaml", tmp_path / path.name
    keys.write_text("team-a: sk-unused")
    keys.chmod(0o600)
    here.write_text(path.read_text().replace("/etc/lockgate/keys.yaml", str(keys)))
    async with open_gateway(here, environment=environment, env=KEYS) as gateway:
        assert gateway.models()


async def test_chat_by_the_embedded_model(capsys: pytest.CaptureFixture[str]) -> None:
    await example("chat").main()
    said = capsys.readouterr()
    assert said.out.strip()
    assert said.err.startswith("llamacpp/smollm2: ")


async def test_stream_by_the_embedded_model(capsys: pytest.CaptureFixture[str]) -> None:
    await example("stream").main()
    said = capsys.readouterr()
    assert said.out.strip()
    assert "llamacpp/smollm2 finished: " in said.err


async def test_a_stream_shows_its_words(up: Any, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    up.say(upstream.stream("one ", "two"))
    await example("stream").main(settings)
    assert capsys.readouterr().out == "one two\n"


async def test_tools_are_called_and_answered(up: Any, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    function = {"name": "weather", "arguments": '{"city": "Lyon"}'}
    calls = [{"id": "call_1", "type": "function", "function": function}]
    up.say([upstream.answer(None, finish="tool_calls", tool_calls=calls)], [upstream.answer("It rains.")])
    await example("tools").main(settings)
    assert capsys.readouterr().out == "It rains.\n"
    _, call, result = up.seen[1].json["messages"]
    assert call["tool_calls"] == calls
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "12 degrees and rain in Lyon"}


async def test_each_error_is_told_apart(up: Any, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    limited = upstream.http(b'{"error": {"message": "slow down"}}', 429, extra="retry-after: 30\r\n")
    up.say([limited])
    await example("errors").main(settings, "fast", "fasst")
    up.say([upstream.http(b'{"error": {"message": "no such key"}}', 401)])
    await example("errors").main(settings, "fast")
    await example("errors").main("nowhere.yaml")
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "come back in 30 s: up: asks for fewer requests (429): slow down",
        "a typo, most likely: no route or provider is named 'fasst'; did you mean 'fast'? "
        "GET /v1/models lists what there is",
        "up failed (auth): up: does not accept the key; check its credential_ref (401): no such key",
    ]
    assert said.err == "nowhere.yaml: there is no such file; name the settings file, or make one\n"


async def test_own_ports_replace_the_configured_ones(
    up: Any, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    up.say([upstream.answer("hello")])
    await example("own_ports").main(settings, "127.0.0.1", "fast")
    assert up.seen[0].headers["authorization"] == "Bearer the-key-from-the-vault"
    await example("own_ports").main(settings, "api.example.com", "fast")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "hello"
    assert said[1].startswith("fast up None Usage(")
    assert said[2] == (f"up: the egress policy forbids http://127.0.0.1:{up.port} (only api.example.com may be asked)")
    assert said[3] == "fast None egress_denied None"
    assert len(up.seen) == 1


async def test_an_asgi_service_serves_the_gateway_under_a_prefix(up: Any, settings: str) -> None:
    up.say(upstream.stream("hello"))
    app = example("asgi_service").Service(settings)
    life = ApplicationCommunicator(app, {"type": "lifespan"})
    await life.send_input({"type": "lifespan.startup"})
    assert await life.receive_output(20) == {"type": "lifespan.startup.complete"}
    body = json.dumps({"model": "fast", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
    assert b"hello" in await asked(app, "POST", "/llm/v1/chat/completions", body.encode())
    assert b'"up/' not in await asked(app, "GET", "/llm/v1/models")
    assert await asked(app, "GET", "/") == b"the service's own page\n"
    await life.send_input({"type": "lifespan.shutdown"})
    assert await life.receive_output(20) == {"type": "lifespan.shutdown.complete"}


async def test_an_asgi_service_that_cannot_open_says_why() -> None:
    life = ApplicationCommunicator(example("asgi_service").Service("nowhere.yaml"), {"type": "lifespan"})
    await life.send_input({"type": "lifespan.startup"})
    told = await life.receive_output(20)
    assert told["type"] == "lifespan.startup.failed"
    assert "nowhere.yaml" in told["message"]


async def asked(app: Any, method: str, path: str, body: bytes = b"") -> bytes:
    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    client = ApplicationCommunicator(app, scope)
    await client.send_input({"type": "http.request", "body": body})
    start = await client.receive_output(20)
    assert start["status"] == 200
    told = b""
    more = True
    while more:
        message = await client.receive_output(20)
        told += message.get("body", b"")
        more = message.get("more_body", False)
    await client.wait(20)
    return told


async def test_an_aiohttp_service_serves_the_gateway_under_a_prefix(
    up: Any, settings: str, unused_tcp_port: int
) -> None:
    up.say([upstream.answer("hello")])
    stop = asyncio.Event()
    serving = asyncio.create_task(example("aiohttp_service").serve(settings, unused_tcp_port, stop))
    url = f"http://127.0.0.1:{unused_tcp_port}"
    async with aiohttp.ClientSession() as client:
        async with asyncio.timeout(20):
            while not await _listens(client, url):
                await asyncio.sleep(0.05)
        body = {"model": "fast", "messages": [{"role": "user", "content": "hi"}]}
        async with client.post(f"{url}/llm/v1/chat/completions", json=body) as response:
            assert (await response.json())["choices"][0]["message"]["content"] == "hello"
        async with client.get(url) as response:
            assert await response.text() == "the service's own page\n"
    stop.set()
    await serving


async def _listens(client: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with client.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def test_the_openai_sdk_asks_a_gateway(up: Any, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    up.say([upstream.answer("Paris.")])
    async with open_gateway(settings) as gateway:
        listener = Listener(gateway.front_door(), Bounds(2**20, 15, 15), "127.0.0.1", 0, 5)
        await listener.start()
        await asyncio.to_thread(example("openai_sdk").main, f"http://127.0.0.1:{listener.port}/v1")
        await listener.stop()
    assert capsys.readouterr().out.startswith("Paris.\nup/m CompletionUsage(")


async def test_a_step_of_a_plugin_edits_and_refuses(
    up: Any, settings: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "llm_plugin_cap-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-plugin-cap\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[lockgate.plugins]\ncap = llm_plugin_cap\n")
    shutil.copy(EXAMPLES / "llm_plugin_cap.py", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    up.say([upstream.answer("hello")])
    capped = json.loads(Path(settings).read_text()) | {"steps": [{"kind": "cap", "most": 100, "default": 50}]}
    async with open_gateway(capped) as gateway:
        await gateway.chat(ChatRequest(model="fast", messages=(user("hi"),)))
        with pytest.raises(InvalidRequest, match="max_tokens may be 100 at most"):
            await gateway.chat(ChatRequest(model="fast", messages=(user("hi"),), max_tokens=101))
    assert [seen.json["max_tokens"] for seen in up.seen] == [50]
