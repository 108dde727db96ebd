"""OpenAICompletions: the dialect `openai-completions`, both sides of it (OpenAI API reference, Completions)."""

from collections.abc import Mapping

from llm_plugin_openai.completions.events_in import PieceReader
from llm_plugin_openai.completions.events_out import PieceForm
from llm_plugin_openai.completions.read_request import CompletionRequest, read_request
from llm_plugin_openai.completions.read_response import glance, read_response
from llm_plugin_openai.completions.wire import NAME
from llm_plugin_openai.completions.write_request import relay_request, write_request
from llm_plugin_openai.completions.write_response import write_response
from llm_plugin_openai.error_in import read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.places import surfaces_of
from llm_plugin_openai.post import Target, below_prefix
from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai.stream_out import StreamWriter
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import (
    ErrorAnswer,
    EventReader,
    EventWriter,
    Surface,
    Upstream,
    Written,
    WrittenAnswer,
)
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_OPENAI = Quirks()


class OpenAICompletions:
    """A ProviderDialect and a SurfaceDialect: a prompt is one user's message to a provider that only chats. `quirks`
    are the ways of the server it is spoken with; `target` says where its operation stands."""

    name: str = NAME
    operation: Operation = "chat"
    surfaces: tuple[Surface, ...] = surfaces_of("completions")
    event_content_type: str = "text/event-stream"

    def __init__(self, quirks: Quirks = _OPENAI, target: Target = below_prefix) -> None:
        self._quirks = quirks
        self._target = target

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._quirks, self._target)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`, `stream` and the wish for usage. Raises InvalidRequest."""
        return relay_request(body, headers, upstream, self._quirks, self._target, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and ends. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return PieceReader(relay=relay)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
        """`text_completion`."""
        return write_response(answer, _asked(request))

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream."""
        return StreamWriter(PieceForm(_asked(request)), wants_usage=request.wants_usage)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)


def _asked(request: Request[ChatRequest]) -> CompletionRequest:
    if not isinstance(request, CompletionRequest):
        raise TypeError(f"an answer in {NAME} to a request that was not read by it")
    return request
