"""BedrockCountTokens: how long a chat request is (Amazon Bedrock API reference, CountTokens)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_plugin_bedrock.converse_draft import ConverseDraft
from llm_plugin_bedrock.error_in import error_inside, read_error
from llm_plugin_bedrock.read_response import nonsense
from llm_plugin_bedrock.write_request import converse_fields, encoded, post
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.chat import ChatRequest
from lockgate_ports.count import TokenCount
from lockgate_ports.dialect import Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.refusals import unusable
from lockgate_ports.replies import glance_count
from lockgate_ports.wire import Glance, Operation

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")
"""What of a Converse request CountTokens takes."""


class _Answer(msgspec.Struct, gc=False):
    inputTokens: int | None = None  # noqa: N815  the wire's name
    message: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer)


class BedrockCountTokens:
    """A ProviderDialect."""

    name: str = "bedrock-count-tokens"
    operation: Operation = "count_tokens"

    def __init__(self, behind: Mapping[str, str]) -> None:
        self._behind = behind

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        draft = ConverseDraft(upstream, self._behind)
        fields = converse_fields(view, draft)
        counted: dict[str, Any] = {name: fields[name] for name in _COUNTED if name in fields}
        body = encoded({"input": {"converse": counted}})
        return Written(post(body, "count-tokens", upstream), draft.dropped)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """The same bytes: the model stands in the path."""
        return Written(post(body, "count-tokens", upstream))

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """A count is no usage. Raises UpstreamError."""
        return glance_count(self.read_response(body, headers))

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> TokenCount:
        """The count. Raises UpstreamError."""
        try:
            wire = _ANSWER.decode(body)
        except BROKEN as error:
            raise nonsense(error, body) from None
        if wire.inputTokens is None:
            raise error_inside(body) if wire.message else unusable("an answer without inputTokens")
        return TokenCount(wire.inputTokens)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An error answer, whatever its shape."""
        return read_error(status, headers, body)
