"""The kind under the contract of every provider, by each style of path, and for Claude."""

from typing import ClassVar

from msgspec import structs

import llm_plugin_azure
from llm_plugin_anthropic.samples import ANTHROPIC_MESSAGES
from llm_plugin_openai.embeddings.samples import OPENAI_EMBEDDINGS
from llm_plugin_openai.responses.samples import OPENAI_RESPONSES
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract


class TestAzure(ProviderContract):
    plugin = llm_plugin_azure
    kind = "azure-openai"
    settings: ClassVar = {"base_url": "http://azure.test"}
    model = "sample-1"
    samples = structs.replace(OPENAI_CHAT, model_list=None)
    key_header = "api-key"
    key_form = "{key}"


class TestDeployments(ProviderContract):
    plugin = llm_plugin_azure
    kind = "azure-openai"
    settings: ClassVar = {"base_url": "http://azure.test", "paths": "deployments", "headers": {"x-team": "blue"}}
    model = "sample-1"
    samples = structs.replace(OPENAI_CHAT, model_list=None)
    key_header = "api-key"
    key_form = "{key}"


class TestResponses(ProviderContract):
    plugin = llm_plugin_azure
    kind = "azure-openai"
    settings: ClassVar = {"base_url": "http://azure.test", "api": "responses"}
    model = "sample-1"
    samples = structs.replace(OPENAI_RESPONSES, model_list=None)
    key_header = "api-key"
    key_form = "{key}"


class TestClaude(ProviderContract):
    plugin = llm_plugin_azure
    kind = "azure-openai"
    settings: ClassVar = {"base_url": "http://azure.test/anthropic/", "claude": {"fast": "claude-haiku-4-5"}}
    model = "fast"
    samples = structs.replace(ANTHROPIC_MESSAGES, model_list=None)
    key_header = "x-api-key"
    key_form = "{key}"


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_azure
    kind = "azure-openai"
    settings: ClassVar = {"base_url": "http://azure.test", "paths": "deployments"}
    model = "sample-2"
    samples = OPENAI_EMBEDDINGS
    key_header = "api-key"
    key_form = "{key}"
