"""OpenAIEmbeddings: the dialect `openai-embeddings`, both sides of it (OpenAI API reference, Embeddings)."""

from collections.abc import Mapping

from llm_plugin_openai.embeddings.read_request import read_request, read_view
from llm_plugin_openai.embeddings.read_response import glance, read_response
from llm_plugin_openai.embeddings.wire import NAME
from llm_plugin_openai.embeddings.write_request import relay_request, write_request
from llm_plugin_openai.embeddings.write_response import write_response
from llm_plugin_openai.error_in import read_error
from llm_plugin_openai.error_out import write_error
from llm_plugin_openai.foreign import Foreign
from llm_plugin_openai.places import surfaces_of
from llm_plugin_openai.post import Target, below_prefix
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.dialect import ErrorAnswer, Surface, Upstream, Written, WrittenAnswer
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import LockgateError, UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Inbound, Operation, Request


class OpenAIEmbeddings:
    """A ProviderDialect and a SurfaceDialect. `target` says where its operation stands; `lacks` are fields of OpenAI's
    that the server does not know (`dimensions`, `encoding_format`, `user`), `renames` those that it has another name
    for."""

    name: str = NAME
    operation: Operation = "embeddings"
    surfaces: tuple[Surface, ...] = surfaces_of("embeddings")

    def __init__(
        self,
        target: Target = below_prefix,
        lacks: tuple[str, ...] = (),
        renames: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._target = target
        self._lacks = lacks
        self._renames = renames
        self._foreign = Foreign(Quirks(lacks=lacks, renames=renames))

    def write_request(self, view: EmbedRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return write_request(view, upstream, self._target, self._lacks, self._renames)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes but for `model`; a request that holds what the server has no word for, or another, is
        translated. Raises InvalidRequest and Unsupported."""
        if self._foreign.within(body):
            return self.write_request(read_view(body), upstream)
        return relay_request(body, headers, upstream, self._target, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model and usage. Raises UpstreamError."""
        return glance(body)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> EmbedResponse:
        """The vectors as they came. Raises UpstreamError."""
        return read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body, NAME)

    def read_request(self, inbound: Inbound) -> Request[EmbedRequest]:
        """Checks the shape of the whole body. Raises InvalidRequest, naming the field."""
        return read_request(inbound)

    def write_response(self, answer: EmbedResponse, request: Request[EmbedRequest]) -> WrittenAnswer:
        """`list` of `embedding`, in the encoding that the client asked for. Raises UpstreamError."""
        return write_response(answer, request.view)

    def write_error(self, error: LockgateError, request_id: str) -> ErrorAnswer:
        """OpenAI's envelope; the request's id travels in a header that the server sets."""
        return write_error(error)
