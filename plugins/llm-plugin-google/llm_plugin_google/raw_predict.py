"""RawPredict: Chat Completions as Mistral's and AI21's models on Vertex AI take them (Google Cloud, "Mistral AI models"
and "AI21 Labs models"; the Vertex client of the `mistralai` SDK)."""

from collections.abc import Mapping
from urllib.parse import quote

from msgspec import structs

from llm_plugin_google import error_in
from llm_plugin_google.error_in import GOOGLES_WORDS
from llm_plugin_google.models import GOOGLES_OWN
from llm_plugin_openai.dialect import OpenAIChat
from llm_plugin_openai.quirks import Quirks
from lockgate_ports.chat import ChatRequest, ChatResponse
from lockgate_ports.dialect import EventReader, Upstream, Written
from lockgate_ports.errors import UpstreamError
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.wire import Glance, Operation

MISTRAL = Quirks(
    max_tokens_field="max_tokens",
    stream_usage=False,
    reasoning_field="content",
    lacks=(
        *("max_completion_tokens", "stream_options", "logit_bias", "user", "web_search_options", "functions"),
        *("function_call", "store", "verbosity", "modalities", "audio", "prompt_cache_retention"),
        "safety_identifier",
    ),
    renames=(("seed", "random_seed"),),
    developer_role=False,
    call_ids="nine",
    strict_messages=True,
)
AI21 = Quirks(
    max_tokens_field="max_tokens",
    stream_usage=False,
    lacks=(
        *("max_completion_tokens", "stream_options", "logit_bias", "user", "web_search_options", "functions"),
        *("function_call", "store", "verbosity", "modalities", "audio", "prompt_cache_retention", "logprobs"),
        *("safety_identifier", "top_logprobs", "seed", "frequency_penalty", "presence_penalty", "reasoning_effort"),
        *("parallel_tool_calls", "service_tier", "metadata", "prediction", "prompt_cache_key"),
    ),
    formats=("text", "json_object"),
    developer_role=False,
)
RAW = {"mistralai": MISTRAL, "ai21": AI21}
"""The makers that are spoken to in this way, by their publisher's name."""


class RawPredict:
    """A ChatProviderDialect. A model `name@version` is asked for whole in the path, and by its name in the body."""

    name: str = OpenAIChat.name
    operation: Operation = "chat"
    event_content_type: str = OpenAIChat.event_content_type

    def __init__(self, publisher: str) -> None:
        self._publisher = publisher
        self._chat = OpenAIChat(RAW[publisher])

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """From the canonical view. Raises Unsupported, naming the field."""
        return self._placed(self._chat.write_request(view, _by_name(upstream)), upstream)

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """All that the body says. Raises InvalidRequest and Unsupported."""
        return self._placed(self._chat.relay_request(body, headers, _by_name(upstream), wire), upstream)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """Model, usage and ends. Raises UpstreamError."""
        return self._chat.glance(body, headers)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """The canonical answer. Raises UpstreamError."""
        return self._chat.read_response(body, headers)

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return self._chat.event_reader(relay=relay)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """In Google's envelope when Vertex AI itself refuses, else in the maker's."""
        error = error_in.read_error(status, headers, body)
        return error if error.upstream_code in GOOGLES_WORDS else self._chat.read_error(status, headers, body)

    def _placed(self, written: Written, upstream: Upstream) -> Written:
        place = f"{upstream.prefix.removesuffix(GOOGLES_OWN)}/publishers/{self._publisher}/models"
        verb = "streamRawPredict" if upstream.stream else "rawPredict"
        target = f"{place}/{quote(upstream.model, safe='@')}:{verb}"
        return structs.replace(written, http=structs.replace(written.http, target=target))


def _by_name(upstream: Upstream) -> Upstream:
    name, at, _ = upstream.model.partition("@")
    return structs.replace(upstream, model=name) if at else upstream
