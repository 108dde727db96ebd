"""The kind `jina` under the contracts of its two languages."""

from typing import ClassVar

import llm_plugin_jina
from llm_plugin_jina.samples import JINA_EMBEDDINGS, JINA_RERANK
from lockgate_ports.testkit import EmbeddingsContract, RerankContract

SETTINGS = {"base_url": "http://jina.test/v1"}


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_jina
    kind = "jina"
    settings: ClassVar = SETTINGS
    model = "sample-1"
    samples = JINA_EMBEDDINGS


class TestRerank(RerankContract):
    plugin = llm_plugin_jina
    kind = "jina"
    settings: ClassVar = SETTINGS
    model = "sample-2"
    samples = JINA_RERANK
