"""The two kinds under the contract of every provider."""

from typing import ClassVar

import llm_plugin_openai
from llm_plugin_openai.embeddings.samples import OPENAI_EMBEDDINGS
from llm_plugin_openai.responses.samples import OPENAI_RESPONSES
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract


class TestOpenAI(ProviderContract):
    plugin = llm_plugin_openai
    kind = "openai"
    settings: ClassVar = {"base_url": "http://openai.test/v1", "organization": "org-1"}
    model = "sample-1"
    samples = OPENAI_CHAT


class TestCompatible(ProviderContract):
    plugin = llm_plugin_openai
    kind = "openai-compatible"
    settings: ClassVar = {"base_url": "http://vllm.test:8000/v1", "auth": {"header": "X-Key", "scheme": ""}}
    model = "sample-1"
    samples = OPENAI_CHAT
    key_header = "x-key"
    key_form = "{key}"


class TestResponses(ProviderContract):
    plugin = llm_plugin_openai
    kind = "openai"
    settings: ClassVar = {"base_url": "http://openai.test/v1", "api": "responses"}
    model = "sample-1"
    samples = OPENAI_RESPONSES


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_openai
    kind = "openai"
    settings: ClassVar = {"base_url": "http://openai.test/v1"}
    model = "sample-2"
    samples = OPENAI_EMBEDDINGS


class TestCompatibleEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_openai
    kind = "openai-compatible"
    settings: ClassVar = {"base_url": "http://vllm.test:8000/v1"}
    model = "sample-2"
    samples = OPENAI_EMBEDDINGS
