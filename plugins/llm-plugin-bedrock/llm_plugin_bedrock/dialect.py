"""BedrockConverse: the dialect `bedrock-converse`, the side that faces upstreams (Amazon Bedrock API reference)."""

from collections.abc import Mapping

from llm_plugin_bedrock.error_in import read_error
from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.events_in import ConverseReader
from llm_plugin_bedrock.names import DIALECT
from llm_plugin_bedrock.read_response import read_response
from llm_plugin_bedrock.relay_reader import RelayReader
from llm_plugin_bedrock.write_request import relay_request, write_request
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.replies import glance_chat
from lockgate_ports.wire import Glance, Operation


class BedrockConverse:
    """A ChatProviderDialect. `behind` names the models that ids telling none (an ARN of a profile) stand for."""

    name: str = DIALECT
    operation: Operation = "chat"
    event_content_type: str = CONTENT_TYPE

    def __init__(self, behind: Mapping[str, str] | None = None) -> None:
        self._behind = behind or {}

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._behind)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes."""
        return relay_request(body, upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage and why it ended. Raises UpstreamError."""
        return glance_chat(read_response(body))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return RelayReader() if relay else ConverseReader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)
