"""The kind `bedrock` under the contract, with a signature and with a Bedrock API key."""

from typing import ClassVar

import llm_plugin_bedrock
from llm_plugin_bedrock.samples import BEDROCK_CONVERSE
from lockgate_ports.testkit import ProviderContract


class TestSigned(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"region": "eu-central-1", "access_key_id": "AKIAEXAMPLE"}
    model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    samples = BEDROCK_CONVERSE
    key_header = None


class TestBearer(ProviderContract):
    plugin = llm_plugin_bedrock
    kind = "bedrock"
    settings: ClassVar = {"base_url": "http://bedrock.test/proxied"}
    model = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    samples = BEDROCK_CONVERSE
