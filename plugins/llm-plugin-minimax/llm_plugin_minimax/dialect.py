"""MiniMaxChat: `openai-chat` as MiniMax speaks it (MiniMax API reference, OpenAI API compatible)."""

from collections.abc import Mapping, Sequence

from llm_plugin_minimax.base_resp import refusal_in
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Failure, ReadEvent
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.sse import SseEvent, SseParser
from lockgate_ports.wire import Glance, Operation


class MiniMaxChat:
    """A ProviderDialect: OpenAI's language, with an eye on `base_resp` in all that comes back."""

    name: str = OpenAIChat.name
    operation: Operation = "chat"
    event_content_type: str = OpenAIChat.event_content_type

    def __init__(self, quirks: Quirks) -> None:
        self._chat = OpenAIChat(quirks)

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return self._chat.write_request(view, upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The client's own bytes, or a translation where they say what MiniMax has no word for."""
        return self._chat.relay_request(body, headers, upstream, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and ends. Raises UpstreamError."""
        _check(body)
        return self._chat.glance(body, headers)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        _check(body)
        return self._chat.read_response(body, headers)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return _Reader(self._chat.event_reader(relay=relay))

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer: by its `base_resp`, or whatever other shape it has."""
        return refusal_in(body, status) or self._chat.read_error(status, headers, body)


class _Reader:
    """Hands events on one by one, and ends at the first that tells of an error."""

    def __init__(self, inner: EventReader) -> None:
        self._sse = SseParser()
        self._inner = inner
        self._failed = False

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes. Raises UpstreamError for one that is too long."""
        return self._hand_on(self._sse.feed(data))

    def end(self) -> Sequence[ReadEvent]:
        """What is left when the stream closes."""
        events = self._hand_on(self._sse.end())
        return events if self._failed else [*events, *self._inner.end()]

    def _hand_on(self, arrived: list[SseEvent]) -> Sequence[ReadEvent]:
        events: list[ReadEvent] = []
        for each in arrived:
            if self._failed:
                break
            error = refusal_in(each.data)
            if error is None:
                events += self._inner.feed(each.raw)
            else:
                self._failed = True
                events.append(Failure(error))
        return events


def _check(body: bytes) -> None:
    error = refusal_in(body)
    if error is not None:
        raise error
