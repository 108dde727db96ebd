"""InvokeModel for chat: a model's own language as the body, at Bedrock's paths (API reference, InvokeModel; user guide,
"Inference request parameters and response fields for foundation models")."""

from collections.abc import Callable, Mapping

from msgspec import structs

from llm_plugin_anthropic.dialect import AnthropicMessages
from llm_plugin_anthropic.quirks import Quirks as ClaudeQuirks
from llm_plugin_bedrock.error_in import read_error
from llm_plugin_bedrock.event_stream import CONTENT_TYPE
from llm_plugin_bedrock.families import Family
from llm_plugin_bedrock.invoke_openai import with_usage
from llm_plugin_bedrock.invoke_stream import named_sse, sse_reader
from llm_plugin_bedrock.nova import NovaInvoke
from llm_plugin_bedrock.settings import Body
from llm_plugin_bedrock.titan_text import TitanInvoke
from llm_plugin_bedrock.write_request import invoke_target
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks as ChatQuirks
from lockgate_ports.cards import ModelCard
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import ChatProviderDialect, EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Operation

_CHAT_COMPLETIONS = ("openai", "qwen", "moonshot", "moonshotai", "minimax", "zai", "nvidia", "google")
"""Makers whose models on Bedrock take and give Chat Completions."""

CLAUDE = ClaudeQuirks(
    path="/model/{model}/invoke",
    stream_path="/model/{model}/invoke-with-response-stream",
    model_in_body=False,
    stream_in_body=False,
    version_in_body="bedrock-2023-05-31",
    betas="body",
    known_betas=(
        *("computer-use-2024-10-22", "computer-use-2025-01-24", "computer-use-2025-11-24", "context-1m-2025-08-07"),
        *("context-management-2025-06-27", "compact-2026-01-12", "interleaved-thinking-2025-05-14"),
        *("dev-full-thinking-2025-05-14", "effort-2025-11-24", "fine-grained-tool-streaming-2025-05-14"),
        *("output-128k-2025-02-19", "token-efficient-tools-2025-02-19", "tool-examples-2025-10-29"),
        *("tool-search-tool-2025-10-19",),
    ),
)
_CHAT = ChatQuirks(stream_usage=False, reasoning_field="reasoning_content", developer_role=False, think_tags=True)


def body_of(family: Family) -> Body | None:
    """The language of a model's own body; None where it is none of those that are spoken here."""
    if family.claude:
        return "anthropic" if family.version >= (3, 0) else None
    if family.nova:
        return "nova"
    if family.maker == "amazon" and family.model.startswith(("titan-text", "titan-tg")):
        return "titan"
    return "openai" if family.maker in _CHAT_COMPLETIONS else None


def invoke_dialect(body: Body, behind: Mapping[str, str], models: tuple[ModelCard, ...]) -> ChatProviderDialect:
    """The language for InvokeModel; `behind` names the models that ids telling none stand for."""
    match body:
        case "anthropic":
            quirks = structs.replace(CLAUDE, behind=behind, models=models)
            return Invoked(AnthropicMessages(quirks), named_sse)
        case "openai":
            return Invoked(OpenAIChat(_CHAT, invoke_target), with_usage)
        case "nova":
            return NovaInvoke(behind)
        case "titan":
            return TitanInvoke()


class Invoked:
    """A ChatProviderDialect: `inner` in Bedrock's frames and with its errors; `told` makes a server-sent event of what
    a frame holds."""

    operation: Operation = "chat"
    event_content_type: str = CONTENT_TYPE

    def __init__(self, inner: ChatProviderDialect, told: Callable[[bytes], bytes]) -> None:
        self.name = inner.name
        self._inner = inner
        self._told = told

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return _accepting(self._inner.write_request(view, upstream), upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """All that the body says. Raises InvalidRequest."""
        return _accepting(self._inner.relay_request(body, headers, upstream, wire), upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and end. Raises UpstreamError."""
        return self._inner.glance(body, headers)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return self._inner.read_response(body, headers)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return sse_reader(self._inner.event_reader(relay=relay), self._told)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """Bedrock's own error answers."""
        return read_error(status, headers, body)


def _accepting(written: Written, upstream: Upstream) -> Written:
    if not upstream.stream:
        return written
    headers = tuple((name, CONTENT_TYPE if name == "accept" else value) for name, value in written.http.headers)
    return structs.replace(written, http=structs.replace(written.http, headers=headers))
