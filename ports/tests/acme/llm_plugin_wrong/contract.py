"""The contract of a plugin that breaks it."""

from typing import ClassVar

from llm_plugin_acme.samples import ACME_CHAT

import llm_plugin_wrong
from lockgate_ports.testkit import ProviderContract


class TestRetries(ProviderContract):
    plugin = llm_plugin_wrong
    kind = "retries"
    settings: ClassVar = {"base_url": "http://acme.test/v1"}
    model = "acme-1"
    samples = ACME_CHAT
