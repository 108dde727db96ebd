"""AnthropicMessages: the dialect `anthropic-messages`, both sides of it (Anthropic API reference, Messages)."""

from collections.abc import Mapping

from llm_plugin_anthropic.error_in import ErrorReader, read_error
from llm_plugin_anthropic.error_out import REQUEST_ID, write_error
from llm_plugin_anthropic.events_in import MessageReader
from llm_plugin_anthropic.events_out import MessageWriter
from llm_plugin_anthropic.quirks import NAME, Quirks
from llm_plugin_anthropic.read_request import read_request
from llm_plugin_anthropic.read_response import glance, read_response
from llm_plugin_anthropic.relay import relay_request
from llm_plugin_anthropic.relay_reader import RelayGlance
from llm_plugin_anthropic.write_request import write_request
from llm_plugin_anthropic.write_response import write_response
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import ErrorAnswer, EventReader, EventWriter, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.sse_relay import SseRelay
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_ANTHROPIC = Quirks()


class AnthropicMessages:
    """A ProviderDialect and a SurfaceDialect. `quirks` are the ways of the place it is spoken with; `errors` reads the
    error answers of one that gives its own."""

    name: str = NAME
    operation: Operation = "chat"
    surfaces: tuple[Surface, ...] = (Surface("POST", "/v1/messages"),)
    event_content_type: str = "text/event-stream"
    request_id_field: str = REQUEST_ID

    def __init__(self, quirks: Quirks = _ANTHROPIC, errors: ErrorReader = read_error) -> None:
        self._quirks = quirks
        self._errors = errors

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._quirks)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return relay_request(body, headers, upstream, self._quirks, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and end. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return SseRelay(RelayGlance()) if relay else MessageReader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return self._errors(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
        """A message."""
        return write_response(answer, request)

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream."""
        return MessageWriter(request)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """Anthropic's envelope."""
        return write_error(error, request_id)
