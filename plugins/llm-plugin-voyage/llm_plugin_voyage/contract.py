"""The kind `voyage` under the contracts of its two languages."""

from typing import ClassVar

import llm_plugin_voyage
from llm_plugin_voyage.samples import VOYAGE_EMBEDDINGS, VOYAGE_RERANK
from lockgate_ports.testkit import EmbeddingsContract, RerankContract

SETTINGS = {"base_url": "http://voyage.test/v1"}


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_voyage
    kind = "voyage"
    settings: ClassVar = SETTINGS
    model = "sample-1"
    samples = VOYAGE_EMBEDDINGS


class TestRerank(RerankContract):
    plugin = llm_plugin_voyage
    kind = "voyage"
    settings: ClassVar = SETTINGS
    model = "sample-2"
    samples = VOYAGE_RERANK
