"""GeminiCountTokens: the dialect `gemini-count-tokens`, both sides of it (Gemini API reference, countTokens)."""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from llm_plugin_google.camel import camel_case
from llm_plugin_google.dialect import surfaces_of
from llm_plugin_google.error_in import error_inside, read_error
from llm_plugin_google.error_out import write_error
from llm_plugin_google.models import target_of
from llm_plugin_google.read_request import RETURNING, TRAVELLING, checked, model_of
from llm_plugin_google.read_view import view_of
from llm_plugin_google.request_wire import COUNT
from llm_plugin_google.write_request import encoded, post, request_fields
from lockgate_ports.body_faults import BROKEN, check_utf8, fault
from lockgate_ports.carried import MEMBERS, NULL, said
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import ErrorAnswer, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.draft import Draft
from lockgate_ports.errors import InvalidRequest, LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_count
from lockgate_ports.wire import Glance, Inbound, Operation, Request

_FLAT = ("contents", "systemInstruction", "tools", "generationConfig")
"""What Vertex AI counts, as members of the request itself."""


class _Count(Struct, rename="camel", gc=False):
    total_tokens: int | None = None
    error: Raw = NULL


_COUNT = msgspec.json.Decoder(_Count)


class GeminiCountTokens:
    """A ProviderDialect and a SurfaceDialect. `vertex`: the whole request stands in the body itself."""

    name: str = "gemini-count-tokens"
    operation: Operation = "count_tokens"
    surfaces: tuple[Surface, ...] = surfaces_of("countTokens")

    def __init__(self, *, vertex: bool = False) -> None:
        self._vertex = vertex

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """The whole request, as it would be asked. Raises Unsupported, naming the field."""
        draft = Draft(upstream)
        fields = request_fields(view, draft)
        if self._vertex:
            fields = {name: value for name, value in fields.items() if name in _FLAT}
        else:
            fields = {"generateContentRequest": {"model": f"models/{upstream.model}", **fields}}
        return Written(post(encoded(fields), upstream, target_of(upstream, "countTokens")), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes."""
        return Written(post(body, upstream, target_of(upstream, "countTokens"), travelled=headers))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Nothing was billed. Raises UpstreamError."""
        return glance_count(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> TokenCount:
        """`totalTokens`. Raises UpstreamError."""
        try:
            wire = _COUNT.decode(body)
        except BROKEN as error:
            raise unusable(f"something that is no count of tokens ({error})") from None
        if said(wire.error):
            raise error_inside(body)
        if wire.total_tokens is None:
            raise unusable("an answer without totalTokens")
        return TokenCount(wire.total_tokens)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)

    def read_request(self, inbound: Inbound) -> Request[ChatRequest]:
        """Contents alone, or a whole `generateContentRequest`. Raises InvalidRequest, naming the field.

        A whole request names its model inside too, so its bytes count for the client's name of it alone.
        """
        model = model_of(inbound)
        try:
            wire = COUNT.decode(camel_case(inbound.body))
        except BROKEN as error:
            raise fault(error, inbound.body) from None
        check_utf8(inbound.body)
        whole = said(wire.generate_content_request)
        if not whole and wire.contents is None:
            raise InvalidRequest("contents is missing", param="contents")
        asked = bytes(wire.generate_content_request) if whole else inbound.body
        body, request = checked(asked)
        if whole:
            body = msgspec.json.encode({name: value for name, value in MEMBERS.decode(body).items() if name != "model"})
        return Request(
            operation=self.operation,
            model=model,
            stream=False,
            dialect=self.name,
            body=None if whole else inbound.body,
            headers=TRAVELLING.of(inbound.headers),
            returning=RETURNING,
            read=lambda: view_of(request, body, model, stream=False, held=whole),
        )

    def write_response(self, answer: TokenCount, request: Request[ChatRequest]) -> WrittenAnswer:
        """`{"totalTokens": n}`."""
        return WrittenAnswer(msgspec.json.encode({"totalTokens": answer.input_tokens}))

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """google.rpc.Status."""
        return write_error(error)
