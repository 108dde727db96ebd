"""Gemini: the dialect `gemini`, both sides of it (Gemini API reference, generateContent)."""

from collections.abc import Mapping

from llm_plugin_google.error_in import read_error
from llm_plugin_google.error_out import write_error
from llm_plugin_google.events_in import ChunkReader
from llm_plugin_google.events_out import ChunkWriter
from llm_plugin_google.models import NAME
from llm_plugin_google.read_request import GeminiRequest, read_request
from llm_plugin_google.read_response import glance, read_response
from llm_plugin_google.relay_reader import RelayGlance
from llm_plugin_google.write_request import chat_request, write_request
from llm_plugin_google.write_response import write_response
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import ErrorAnswer, EventReader, EventWriter, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.replies import named
from lockgate_ports.sse_relay import SseRelay
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_VERTEX = "projects/{project}/locations/{location}/publishers/google/"


def surfaces_of(*methods: str) -> tuple[Surface, ...]:
    """Where clients of the Gemini API and of Vertex AI ask a model for a method."""
    places = ("/v1beta/", "/v1/", f"/v1beta1/{_VERTEX}", f"/v1/{_VERTEX}")
    return tuple(Surface("POST", f"{place}models/{{model:path}}:{method}") for place in places for method in methods)


class Gemini:
    """A ProviderDialect and a SurfaceDialect."""

    name: str = NAME
    operation: Operation = "chat"
    surfaces: tuple[Surface, ...] = surfaces_of("generateContent", "streamGenerateContent")
    event_content_type: str = "text/event-stream"

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes: the model, and whether to stream, stand in the path."""
        return Written(chat_request(body, upstream, headers))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and ends. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return SseRelay(RelayGlance()) if relay else ChunkReader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
        """`GenerateContentResponse`."""
        return write_response(named(answer, request.model))

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream, as server-sent events or as an array, as the client asked."""
        return ChunkWriter(request.model, as_array=isinstance(request, GeminiRequest) and request.as_array)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """google.rpc.Status; the request's id travels in a header that the server sets."""
        return write_error(error)
