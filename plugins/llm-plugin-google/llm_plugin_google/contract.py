"""The two kinds under the contract of every provider, and each maker's models on Vertex AI."""

from typing import ClassVar

from msgspec import structs

import llm_plugin_google
from llm_plugin_anthropic.samples import in_path
from llm_plugin_google.embedding_samples import GEMINI_EMBEDDINGS, VERTEX_EMBEDDINGS
from llm_plugin_google.samples import GEMINI
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract

# both have another word than `seed`, or none; a field that nobody knows is relayed
_RAW = structs.replace(
    OPENAI_CHAT, model_list=None, relay_request=OPENAI_CHAT.relay_request.replace(b'"seed"', b'"zy"')
)


class TestGoogle(ProviderContract):
    plugin = llm_plugin_google
    kind = "google"
    settings: ClassVar = {"base_url": "http://gemini.test/v1beta"}
    model = "sample-1"
    samples = GEMINI
    key_header = "x-goog-api-key"
    key_form = "{key}"


class TestVertex(ProviderContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"project": "acme", "location": "europe-west4"}
    model = "sample-1"
    samples = structs.replace(GEMINI, model_list=None)


class TestClaudeOnVertex(ProviderContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"project": "acme", "location": "us-east5"}
    model = "claude-sonnet-4-5@20250929"
    samples = structs.replace(in_path("vertex-2023-10-16"), model_list=None)


class TestOpenModelsOnVertex(ProviderContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"base_url": "http://vertex.test/v1/projects/p/locations/l/publishers/google", "project": "p"}
    model = "meta/llama-4-maverick-17b-128e-instruct-maas"
    samples = structs.replace(OPENAI_CHAT, model_list=None)


class TestMistralOnVertex(ProviderContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"project": "acme", "location": "europe-west4"}
    model = "mistral-small-2503"
    samples = _RAW


class TestAi21OnVertex(ProviderContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"project": "acme", "location": "us-central1"}
    model = "jamba-1.5-mini"
    samples = _RAW


class TestEmbeddings(EmbeddingsContract):
    plugin = llm_plugin_google
    kind = "google"
    settings: ClassVar = {"base_url": "http://gemini.test/v1beta"}
    model = "sample-2"
    samples = GEMINI_EMBEDDINGS
    key_header = "x-goog-api-key"
    key_form = "{key}"


class TestEmbeddingsOnVertex(EmbeddingsContract):
    plugin = llm_plugin_google
    kind = "vertex"
    settings: ClassVar = {"project": "acme", "location": "europe-west4"}
    model = "text-embedding-005"
    samples = VERTEX_EMBEDDINGS
