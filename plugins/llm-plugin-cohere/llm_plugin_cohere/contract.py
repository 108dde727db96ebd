"""The kind `cohere` under the contracts of its three languages."""

from typing import ClassVar

import llm_plugin_cohere
from llm_plugin_cohere.operation_samples import COHERE_EMBEDDINGS, COHERE_RERANK
from llm_plugin_cohere.samples import COHERE_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract, RerankContract

SETTINGS = {"base_url": "http://cohere.test", "client_name": "contract"}


class TestChat(ProviderContract):
    plugin = llm_plugin_cohere
    kind = "cohere"
    settings: ClassVar = SETTINGS
    model = "sample-1"
    samples = COHERE_CHAT


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_cohere
    kind = "cohere"
    settings: ClassVar = SETTINGS
    model = "sample-2"
    samples = COHERE_EMBEDDINGS


class TestRerank(RerankContract):
    plugin = llm_plugin_cohere
    kind = "cohere"
    settings: ClassVar = SETTINGS
    model = "sample-3"
    samples = COHERE_RERANK
