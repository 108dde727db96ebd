"""A server on this machine in a provider's place, which answers from the samples of the plugin's own contract."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from lockgate_ports.http import HttpRequest, Origin
from lockgate_ports.testkit import EngineContract, ProviderContract
from lockgate_ports.testkit.capabilities import HttpContract, contracts_in


def over_http(plugin: str) -> list[HttpContract]:
    """Its contracts but those of engines, which are asked at no address."""
    found = contracts_in(import_module(f"{plugin}.contract"))
    return [each for each in found if not issubclass(each, EngineContract)]


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
