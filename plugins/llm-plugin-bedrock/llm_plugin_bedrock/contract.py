"""The kind `bedrock` under the contract: with a signature or a Bedrock API key, by Converse or by InvokeModel."""

from typing import ClassVar

from msgspec import structs

import llm_plugin_bedrock
from llm_plugin_anthropic.samples import in_path
from llm_plugin_bedrock.embedding_samples import BEDROCK_COHERE_EMBEDDINGS, BEDROCK_TITAN_EMBEDDINGS
from llm_plugin_bedrock.invoke_samples import framed, nova
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from llm_plugin_bedrock.titan_samples import TITAN_TEXT
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract

_NO_TOOLS = "Titan Text knows no tools: a request that offers some is refused by name"

_TITANS_OWN = "no client speaks Titan's own language, so its streams are always read"


class TestSigned(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "eu-central-1", "access_key_id": "AKIAEXAMPLE"}
    model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    samples = BEDROCK_CONVERSE
    key_header = None


class TestBearer(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"base_url": "http://bedrock.test/proxied"}
    model = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    samples = BEDROCK_CONVERSE


class TestClaudeInvoked(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "eu-central-1", "api": "invoke"}
    model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    samples = structs.replace(framed(in_path("bedrock-2023-05-31")), model_list=None)


class TestChatCompletionsInvoked(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {
        "region": "us-west-2",
        "invoke": {"arn:aws:bedrock:us-west-2:123456789012:imported-model/abc": "openai"},
    }
    model = "arn:aws:bedrock:us-west-2:123456789012:imported-model/abc"
    samples = structs.replace(framed(OPENAI_CHAT), model_list=None)


class TestNovaInvoked(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "us-east-1", "api": "invoke"}
    model = "us.amazon.nova-2-lite-v1:0"
    samples = nova()
    xfail: ClassVar = {
        "test_a_relayed_stream_keeps_its_bytes": "no client speaks Nova's own language, so its streams are always read",
        "test_a_relayed_stream_tells_what_it_says_to_whoever_keeps_it": "likewise",
    }


class TestTitanInvoked(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "us-east-1", "api": "invoke"}
    model = "amazon.titan-text-express-v1"
    samples = TITAN_TEXT
    xfail: ClassVar = {
        "test_the_samples_can_tell_right_from_wrong": _NO_TOOLS,
        "test_the_finish_reason_is_the_one_given": _NO_TOOLS,
        "test_the_request_carries_what_was_asked": _NO_TOOLS,
        "test_parallel_tool_calls_keep_order_and_id": _NO_TOOLS,
        "test_streamed_parallel_tool_calls_keep_index_and_id": _NO_TOOLS,
        "test_a_relayed_stream_keeps_its_bytes": _TITANS_OWN,
        "test_a_relayed_stream_tells_what_it_says_to_whoever_keeps_it": _TITANS_OWN,
    }


class TestCohereEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "eu-central-1"}
    model = "eu.cohere.embed-v4:0"
    samples = BEDROCK_COHERE_EMBEDDINGS


class TestTitanEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "us-east-1"}
    model = "amazon.titan-embed-text-v2:0"
    samples = BEDROCK_TITAN_EMBEDDINGS
