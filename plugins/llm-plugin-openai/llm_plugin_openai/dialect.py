"""OpenAIChat: the dialect `openai-chat`, both sides of it (OpenAI API reference, Chat Completions)."""

from collections.abc import Mapping

from llm_plugin_openai.error_in import read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.events_in import ChunkReader
from llm_plugin_openai.events_out import ChunkForm
from llm_plugin_openai.foreign import Foreign
from llm_plugin_openai.places import surfaces_of
from llm_plugin_openai.post import Target, below_prefix
from llm_plugin_openai.quirks import NAME, Quirks
from llm_plugin_openai.read_request import read_request, read_view
from llm_plugin_openai.read_response import glance, read_response
from llm_plugin_openai.relay import relay_request
from llm_plugin_openai.relay_reader import RelayReader
from llm_plugin_openai.stream_out import StreamWriter
from llm_plugin_openai.write_request import write_request
from llm_plugin_openai.write_response import write_response
from lockgate_ports.answer_tool import AnswerReader, answered
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import ErrorAnswer, EventReader, EventWriter, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_OPENAI = Quirks()


class OpenAIChat:
    """A ProviderDialect and a SurfaceDialect. `quirks` are the ways of the server it is spoken with; `target` says
    where its operation stands."""

    name: str = NAME
    operation: Operation = "chat"
    surfaces: tuple[Surface, ...] = surfaces_of("chat/completions")
    event_content_type: str = "text/event-stream"

    def __init__(self, quirks: Quirks = _OPENAI, target: Target = below_prefix) -> None:
        self._quirks = quirks
        self._foreign = Foreign(quirks)
        self._target = target

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._quirks, self._target)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`, `stream` and the wish for usage; a request that holds what the server has no
        word for, or another, is translated. Raises InvalidRequest and Unsupported."""
        if self._foreign.some and self._foreign.within(body):
            return write_request(read_view(body), upstream, self._quirks, self._target)
        return relay_request(body, headers, upstream, self._quirks, self._target, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and ends. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        answer = read_response(body, think_tags=self._quirks.think_tags)
        return answered(answer) if self._quirks.answers_by_tool else answer

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        if relay:
            return RelayReader()
        reader = ChunkReader(think_tags=self._quirks.think_tags)
        return AnswerReader(reader) if self._quirks.answers_by_tool else reader

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
        """`chat.completion`."""
        return write_response(answer, request)

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream."""
        return StreamWriter(ChunkForm(request), wants_usage=request.wants_usage)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)
