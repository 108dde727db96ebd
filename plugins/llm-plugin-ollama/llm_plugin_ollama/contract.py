"""The kind `ollama` under the contracts of its two languages."""

from typing import ClassVar

import llm_plugin_ollama
from llm_plugin_ollama.samples import OLLAMA_CHAT, OLLAMA_EMBEDDINGS
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract

SETTINGS = {"base_url": "http://ollama.test:11434", "options": {"num_ctx": 8192}, "keep_alive": "5m"}


class TestChat(ProviderContract):
    plugin = llm_plugin_ollama
    kind = "ollama"
    settings: ClassVar = SETTINGS
    model = "sample-1"
    samples = OLLAMA_CHAT


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_ollama
    kind = "ollama"
    settings: ClassVar = SETTINGS
    model = "sample-2"
    samples = OLLAMA_EMBEDDINGS
