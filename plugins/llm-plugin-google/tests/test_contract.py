"""The two kinds under the contract of every provider."""

from typing import ClassVar

import llm_plugin_google
from llm_plugin_google.samples import GEMINI
from lockgate_ports.testkit import ProviderContract


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
    samples = GEMINI
