"""CohereChat: the dialect `cohere-chat`, the side that faces Cohere (Cohere API v2, Chat)."""

from collections.abc import Mapping

from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.events_in import EventsReader
from llm_plugin_cohere.names import CHAT
from llm_plugin_cohere.read_response import glance, read_response
from llm_plugin_cohere.relay_reader import RelayGlance
from llm_plugin_cohere.wire import patched, post
from llm_plugin_cohere.write_request import PATH, write_request
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.sse_relay import SseRelay
from lockgate_ports.wire import Glance, Operation


class CohereChat:
    """A ChatProviderDialect."""

    name: str = CHAT
    operation: Operation = "chat"
    event_content_type: str = "text/event-stream"

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model` and `stream`. Raises InvalidRequest."""
        return Written(post(PATH, patched(body, upstream), upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage and the end. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return SseRelay(RelayGlance()) if relay else EventsReader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return ERRORS.read(status, headers, body, CHAT)
