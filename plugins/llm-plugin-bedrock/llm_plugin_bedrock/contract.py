"""The kind `bedrock` under the contract: with a signature or a Bedrock API key, by Converse or by InvokeModel.

Titan Text stands in tests of its own: it knows no tools, and the contract is of models that do.
"""

from typing import ClassVar

from msgspec import structs

import llm_plugin_bedrock
from llm_plugin_anthropic.samples import in_path
from llm_plugin_bedrock.embedding_samples import BEDROCK_COHERE_EMBEDDINGS
from llm_plugin_bedrock.invoke_samples import framed, nova
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract


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
        "test_a_relayed_stream_keeps_its_bytes": "no client speaks Nova's own language, so its streams are always read"
    }


class TestCohereEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "eu-central-1"}
    model = "eu.cohere.embed-v4:0"
    samples = BEDROCK_COHERE_EMBEDDINGS
