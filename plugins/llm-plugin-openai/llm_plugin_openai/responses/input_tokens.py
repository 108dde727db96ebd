"""OpenAIInputTokens: the dialect `openai-input-tokens`, both sides (OpenAI API reference, Responses, Input tokens)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from llm_plugin_openai.error_in import error_inside, read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.places import placed
from llm_plugin_openai.post import Target, below_prefix, post
from llm_plugin_openai.responses.read_request import checked
from llm_plugin_openai.responses.read_view import view_of
from llm_plugin_openai.responses.write_request import request_fields
from llm_plugin_openai.travelling import RETURNING, TRAVELLING
from lockgate_ports.body_faults import BROKEN, fault
from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import ErrorAnswer, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.json_post import encode, with_model
from lockgate_ports.patch import put
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_count
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_PATH = "responses/input_tokens"
_COUNTED = (
    *("model", "input", "instructions", "parallel_tool_calls", "reasoning", "text", "tool_choice", "tools"),
    "truncation",
)


class _Count(Struct, gc=False):
    input_tokens: int | None = None
    error: Raw = NULL


_COUNT = msgspec.json.Decoder(_Count)


class OpenAIInputTokens:
    """A ProviderDialect and a SurfaceDialect. `target` says where its operation stands."""

    name: str = "openai-input-tokens"
    operation: Operation = "count_tokens"
    surfaces: tuple[Surface, ...] = placed("POST", _PATH)

    def __init__(self, target: Target = below_prefix) -> None:
        self._target = target

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        fields, dropped = request_fields(view, upstream)
        body = encode({name: fields[name] for name in _COUNTED if name in fields})
        return Written(post(body, upstream, self._target(upstream, _PATH)), dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return Written(post(with_model(body, upstream), upstream, self._target(upstream, _PATH), headers))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """A count is no usage; but no count is an error. Raises UpstreamError."""
        return glance_count(self.read_response(body))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> TokenCount:
        """`input_tokens`. Raises UpstreamError."""
        try:
            wire = _COUNT.decode(body)
        except BROKEN:
            raise unusable("something that is no count of tokens") from None
        if said(wire.error):
            raise error_inside(body)
        if wire.input_tokens is None:
            raise unusable("no count of tokens")
        return TokenCount(wire.input_tokens)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body; `input` may be left out. Raises InvalidRequest, naming the field."""
        body = _with_input(inbound.body)
        wire = checked(body)
        return Request(
            operation=self.operation,
            model=wire.model,
            stream=False,
            dialect=self.name,
            body=inbound.body,
            headers=TRAVELLING.of(inbound.headers),
            returning=RETURNING,
            read=lambda: view_of(wire, body),
        )

    def write_response(self, answer: TokenCount, request: Request[ChatRequest]) -> WrittenAnswer:
        """`{"object": "response.input_tokens", "input_tokens": 7}`."""
        counted = {"object": "response.input_tokens", "input_tokens": answer.input_tokens}
        return WrittenAnswer(msgspec.json.encode(counted))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)


def _with_input(body: bytes) -> bytes:
    """Instructions or tools alone may be counted too."""
    try:
        return body if said(MEMBERS.decode(body).get("input", NULL)) else put(body, "input", b'""')
    except BROKEN as error:
        raise fault(error, body) from None
