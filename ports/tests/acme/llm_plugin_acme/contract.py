"""The contract of Acme."""

from typing import ClassVar

import llm_plugin_acme
from llm_plugin_acme.samples import ACME_CHAT
from lockgate_ports.testkit import ProviderContract


class TestAcme(ProviderContract):
    plugin = llm_plugin_acme
    kind = "acme"
    settings: ClassVar = {"base_url": "http://acme.test/v1"}
    model = "acme-1"
    samples = ACME_CHAT
