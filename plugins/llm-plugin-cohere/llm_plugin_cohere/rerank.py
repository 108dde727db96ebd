"""CohereRerank: the dialect `cohere-rerank`, both sides of it (Cohere API, Rerank, v2 and v1)."""

from collections.abc import Mapping

from llm_plugin_cohere.error_in import ERRORS
from llm_plugin_cohere.error_out import write_error
from llm_plugin_cohere.names import RERANK
from llm_plugin_cohere.rerank_answer import glance, read_response, write_response
from llm_plugin_cohere.rerank_in import read_request
from llm_plugin_cohere.rerank_out import relay_request, write_request
from lockgate_ports.dialect import ErrorAnswer, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.rerank import RerankRequest, RerankResponse
from lockgate_ports.wire import Glance, Inbound, Operation, Request


class CohereRerank:
    """A ProviderDialect and a SurfaceDialect for reranking."""

    name: str = RERANK
    operation: Operation = "rerank"
    surfaces: tuple[Surface, ...] = (
        Surface("POST", "/v1/rerank"),
        Surface("POST", "/v2/rerank"),
        Surface("POST", "/rerank"),
    )

    def write_request(self, view: RerankRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`. Raises InvalidRequest."""
        return relay_request(body, upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Usage; Cohere's answers do not name the model. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> RerankResponse:
        """The canonical answer. Raises UpstreamError."""
        return read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return ERRORS.read(status, headers, body, RERANK)

    def read_request(self, inbound: Inbound) -> Request[RerankRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: RerankResponse, request: Request[RerankRequest]) -> WrittenAnswer:
        """`results` with `index` and `relevance_score`, and the documents where the client asked for them."""
        return write_response(answer, request.view)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """Cohere's envelope."""
        return write_error(error, request_id)
