"""The kind under the contract of every provider."""

from typing import ClassVar

import llm_plugin_anthropic
from llm_plugin_anthropic.samples import ANTHROPIC_MESSAGES
from lockgate_ports.testkit import ProviderContract


class TestAnthropic(ProviderContract):
    plugin = llm_plugin_anthropic
    kind = "anthropic"
    settings: ClassVar = {"base_url": "http://anthropic.test", "betas": ["files-api-2025-04-14"]}
    model = "claude-opus-5-5"
    samples = ANTHROPIC_MESSAGES
    key_header = "x-api-key"
    key_form = "{key}"
