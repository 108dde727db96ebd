"""OllamaChat: the dialect `ollama-chat`, the side that faces Ollama (Ollama API, Generate a chat completion)."""

from collections.abc import Mapping
from typing import Any

from llm_plugin_ollama.error_in import ERRORS
from llm_plugin_ollama.events_in import LinesReader
from llm_plugin_ollama.read_response import glance, read_response
from llm_plugin_ollama.wire import CHAT, patched, post
from llm_plugin_ollama.write_request import PATH, write_request
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Operation

_NO_OPTIONS: Mapping[str, Any] = {}


class OllamaChat:
    """A ChatProviderDialect. `options` and `keep_alive` are said in every request that does not say otherwise."""

    name: str = CHAT
    operation: Operation = "chat"
    event_content_type: str = "application/x-ndjson"

    def __init__(self, options: Mapping[str, Any] = _NO_OPTIONS, keep_alive: str | int | None = None) -> None:
        self._options = options
        self._keep_alive = keep_alive

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._options, self._keep_alive)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model` and `stream`. Raises InvalidRequest."""
        return Written(post(PATH, patched(body, upstream, streams=True), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and the end. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return LinesReader(relay=relay)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return ERRORS.read(status, headers, body, CHAT)
