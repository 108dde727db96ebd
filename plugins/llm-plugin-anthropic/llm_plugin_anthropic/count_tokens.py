"""AnthropicCountTokens: the dialect `anthropic-count-tokens`, both sides (Anthropic API reference, Count tokens)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from llm_plugin_anthropic.error_in import ErrorReader, error_inside, read_error
from llm_plugin_anthropic.error_out import REQUEST_ID, write_error
from llm_plugin_anthropic.quirks import COUNT, Quirks
from llm_plugin_anthropic.read_request import read_count_request
from llm_plugin_anthropic.relay import relay_count
from llm_plugin_anthropic.write_request import write_count
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import NULL, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import ErrorAnswer, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_count
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_ANTHROPIC = Quirks()


class _Count(Struct, gc=False):
    input_tokens: int | None = None
    error: Raw = NULL


_COUNT = msgspec.json.Decoder(_Count)


class AnthropicCountTokens:
    """A ProviderDialect and a SurfaceDialect for whole answers of one number."""

    name: str = COUNT
    operation: Operation = "count_tokens"
    surfaces: tuple[Surface, ...] = (Surface("POST", "/v1/messages/count_tokens"),)
    request_id_field: str = REQUEST_ID

    def __init__(self, quirks: Quirks = _ANTHROPIC, errors: ErrorReader = read_error) -> None:
        self._quirks = quirks
        self._errors = errors

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_count(view, upstream, self._quirks)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return relay_count(body, headers, upstream, self._quirks)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """A count is no usage; but no count is an error. Raises UpstreamError."""
        return glance_count(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> TokenCount:
        """`{"input_tokens": 7}`. Raises UpstreamError."""
        try:
            wire = _COUNT.decode(body)
        except BROKEN:
            raise unusable("something that is no count of tokens") from None
        if wire.input_tokens is None:
            raise error_inside(body) if said(wire.error) else unusable("no count of tokens")
        return TokenCount(wire.input_tokens)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return self._errors(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_count_request(inbound)

    def write_response(self, answer: TokenCount, request: Request[ChatRequest]) -> WrittenAnswer:
        """`{"input_tokens": 7}`."""
        return WrittenAnswer(msgspec.json.encode({"input_tokens": answer.input_tokens}))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """Anthropic's envelope."""
        return write_error(error, request_id)
