"""OpenAIResponses: the dialect `openai-responses`, both sides of it (OpenAI API reference, Responses)."""

from collections.abc import Callable, Mapping

from llm_plugin_openai.error_in import read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.places import placed
from llm_plugin_openai.post import Target, below_prefix
from llm_plugin_openai.responses import conversations, state
from llm_plugin_openai.responses.events_in import EventsReader
from llm_plugin_openai.responses.events_out import EventsWriter
from llm_plugin_openai.responses.read_request import ResponsesRequest, read_request
from llm_plugin_openai.responses.read_response import glance, read_response
from llm_plugin_openai.responses.relay_reader import RelayGlance
from llm_plugin_openai.responses.request_wire import NAME
from llm_plugin_openai.responses.write_request import relay_request, write_request
from llm_plugin_openai.responses.write_response import write_response
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.context import Target as UpstreamTarget
from lockgate_ports.dialect import ErrorAnswer, EventReader, EventWriter, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import InvalidRequest, LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.kept import KeptAnswer
from lockgate_ports.sse_relay import SseRelay
from lockgate_ports.wire import Glance, Inbound, Operation, Request


class OpenAIResponses:
    """A ProviderDialect and a SurfaceDialect. `target` says where its operation stands."""

    name: str = NAME
    operation: Operation = "chat"
    surfaces: tuple[Surface, ...] = placed("POST", "responses")
    kept_surfaces: tuple[Surface, ...] = (*placed("GET", "responses/{id}"), *placed("DELETE", "responses/{id}"))
    given_surfaces: tuple[Surface, ...] = placed("GET", "responses/{id}/input_items")
    cancel_surfaces: tuple[Surface, ...] = placed("POST", "responses/{id}/cancel")
    conversation_surfaces: tuple[Surface, ...] = (
        *placed("POST", "conversations"),
        *(each for method in ("GET", "POST", "DELETE") for each in placed(method, "conversations/{id}")),
        *(each for method in ("GET", "POST") for each in placed(method, "conversations/{id}/items")),
        *(each for method in ("GET", "DELETE") for each in placed(method, "conversations/{id}/items/{item}")),
    )
    event_content_type: str = "text/event-stream"

    def __init__(self, target: Target = below_prefix) -> None:
        self._target = target

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._target)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model` and `stream`. Raises InvalidRequest."""
        return relay_request(body, headers, upstream, self._target, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and end. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return SseRelay(RelayGlance()) if relay else EventsReader()

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body, NAME)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: ChatResponse, request: Request[ChatRequest]) -> WrittenAnswer:
        """`response`."""
        return write_response(answer, request)

    def event_writer(self, request: Request[ChatRequest]) -> EventWriter:
        """For one stream."""
        return EventsWriter(request)

    def previous(self, request: Request[ChatRequest]) -> str | None:
        """`previous_response_id`."""
        return _asked(request).previous

    def wants_keeping(self, request: Request[ChatRequest]) -> bool:
        """Unless `store` is false, as at OpenAI."""
        return _asked(request).stores

    def continued(
        self, request: Request[ChatRequest], earlier: KeptAnswer | None, answer_id: str
    ) -> Request[ChatRequest]:
        """With its history, or pinned to who holds that."""
        return state.continued(_asked(request), earlier, answer_id)

    def kept(
        self, request: Request[ChatRequest], body: bytes, caller: str, target: UpstreamTarget, now: float
    ) -> KeptAnswer | None:
        """What to keep of a whole answer."""
        return state.kept(_asked(request), body, caller, target, now)

    def whole_answer(self) -> Callable[[bytes], bytes | None]:
        """For one stream."""
        return state.whole_answer()

    def write_kept(self, answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
        """`response`. Raises InvalidRequest."""
        return state.write_kept(answer, query)

    def write_given(self, answer: KeptAnswer, query: Mapping[str, str]) -> bytes:
        """`list` of input items. Raises InvalidRequest."""
        return state.write_given(answer, query)

    def write_forgotten(self, answer_id: str) -> bytes:
        """`deleted`."""
        return state.write_forgotten(answer_id)

    def conversation(self, request: Request[ChatRequest]) -> str | None:
        """`conversation`. Raises InvalidRequest."""
        asked = _asked(request)
        found = conversations.conversation_of(asked.conversation)
        if found is not None and asked.previous is not None:
            raise InvalidRequest("conversation and previous_response_id exclude each other", param="conversation")
        return found

    def begun(self, body: bytes, conversation_id: str, caller: str, now: float) -> KeptAnswer:
        """`conversation`. Raises InvalidRequest."""
        return conversations.begun(body, conversation_id, caller, now)

    def changed(self, conversation: KeptAnswer, body: bytes, now: float) -> KeptAnswer:
        """With other `metadata`. Raises InvalidRequest."""
        return conversations.changed(conversation, body, now)

    def with_items(self, conversation: KeptAnswer, body: bytes, now: float) -> tuple[KeptAnswer, bytes]:
        """And the `list` of those that are new. Raises InvalidRequest."""
        return conversations.with_items(conversation, body, now)

    def without_item(self, conversation: KeptAnswer, item_id: str, now: float) -> KeptAnswer:
        """Raises NotFound."""
        return conversations.without_item(conversation, item_id, now)

    def write_one_item(self, conversation: KeptAnswer, item_id: str) -> bytes:
        """Raises NotFound."""
        return conversations.write_one_item(conversation, item_id)

    def said(
        self, conversation: KeptAnswer, request: Request[ChatRequest], body: bytes, now: float
    ) -> KeptAnswer | None:
        """With the call's own items and those of its answer."""
        return conversations.grown(conversation, _asked(request).asked, body, now)

    def write_ended(self, conversation_id: str) -> bytes:
        """`conversation.deleted`."""
        return conversations.write_ended(conversation_id)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)


def _asked(request: Request[ChatRequest]) -> ResponsesRequest:
    if not isinstance(request, ResponsesRequest):
        raise TypeError(f"a request that {NAME} has not read")
    return request
