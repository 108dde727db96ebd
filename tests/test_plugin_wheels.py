"""Each plugin installs alone from its wheel beside `lockgate`, and `lockgate chat` works given a base URL and a key.

The provider is a server on this machine that answers from the samples of the plugin's own contract, with the key that
the contract looks for."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.testkit import KEY, EngineContract, ProviderContract
from lockgate_ports.testkit.capabilities import HttpContract, contracts_in

ROOT = Path(__file__).resolve().parent.parent


def over_http(plugin: str) -> list[HttpContract]:
    """Its contracts but those of engines, which are asked at no address."""
    found = contracts_in(import_module(f"{plugin}.contract"))
    return [each for each in found if not issubclass(each, EngineContract)]


PLUGINS = sorted(
    path.parent.name for path in ROOT.glob("plugins/*/llm_plugin_*/contract.py") if over_http(path.parent.name)
)


@contextmanager
def standing_in(contract: HttpContract) -> Iterator[tuple[str, list[HttpRequest]]]:
    """A provider that answers everybody with the same sample: its address, and what it was asked."""
    seen: list[HttpRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            request = HttpRequest("POST", Origin("http", "127.0.0.1", 80), self.path, headers, body)
            seen.append(request)
            kind, answer = answer_of(contract, request)
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def answer_of(contract: HttpContract, request: HttpRequest) -> tuple[str, bytes]:
    if not issubclass(contract, ProviderContract):
        return "application/json", contract.samples.no_usage.body
    samples = contract.samples
    if samples.read_back(request).stream:
        return samples.event_content_type, samples.text.stream
    return "application/json", samples.text.body


def row_of(contract: HttpContract, url: str) -> dict[str, Any]:
    """A provider with the contract's own settings, where its stand-in is."""
    path = urlsplit(str(contract.settings.get("base_url", ""))).path
    row = {**contract.settings, "kind": contract.kind, "base_url": url + path, "credential_ref": "env:THE_KEY"}
    return {**row, "private_addresses": ["127.0.0.0/8"], "models": [contract.model]}


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_alone_beside_lockgate_works_with_a_base_url_and_a_key(
    plugin: str, install: Callable[..., Path], tmp_path: Path
) -> None:
    """Every kind answers one real call, and the first that chats answers `lockgate chat`."""
    distribution = next(iter(ROOT.glob(f"plugins/*/{plugin}"))).parent.name
    scripts = install(tmp_path, "lockgate", distribution)
    first = {contract.kind: contract for contract in reversed(over_http(plugin))}
    with ExitStack() as servers:
        stands = {kind: servers.enter_context(standing_in(contract)) for kind, contract in first.items()}
        providers = {kind: row_of(first[kind], url) for kind, (url, _) in stands.items()}
        (tmp_path / "lockgate.yaml").write_text(json.dumps({"providers": providers, "retry": {"max_attempts": 1}}))
        tested = json.loads(run(tmp_path, scripts, "providers", "--test", "--json"))
        assert {each["kind"]: each["ok"] for each in tested} == dict.fromkeys(first, True)
        for contract in [each for each in first.values() if issubclass(each, ProviderContract)][:1]:
            said = run(tmp_path, scripts, "chat", "-m", f"{contract.kind}/{contract.model}", "Wie wird das Wetter?")
            assert contract.samples.text.choices[0].text in said
    for kind, (_, seen) in stands.items():
        header, shown = first[kind].key_header, first[kind].key_form.format(key=KEY)
        assert seen
        assert header is None or {dict(request.headers)[header] for request in seen} == {shown}


def run(folder: Path, scripts: Path, *arguments: str) -> str:
    """What the installed `lockgate` prints."""
    clean = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [scripts / "lockgate", *arguments],
        cwd=folder,
        env={**clean, "HOME": str(folder), "PATH": f"{scripts}:/usr/bin:/bin", "THE_KEY": KEY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
