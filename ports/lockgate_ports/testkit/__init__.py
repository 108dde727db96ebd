"""The contract kit: what a provider's author runs, offline, to know that a gateway can rely on the plugin.

    import llm_plugin_acme
    from llm_plugin_acme.samples import ACME_CHAT
    from lockgate_ports.testkit import ProviderContract

    class TestAcme(ProviderContract):
        plugin = llm_plugin_acme
        kind = "acme"
        settings = {"base_url": "http://acme.test/v1"}
        model = "acme-1"
        samples = ACME_CHAT

The author of a provider takes the samples from the plugin whose dialect it speaks; the author of a dialect writes them
(`Samples` says what they are). A provider of embeddings or reranking inherits `EmbeddingsContract` or `RerankContract`
in the same way, with `OperationSamples`; an engine that answers in process inherits `EngineContract`, and brings no
samples. Needs `pip install "lockgate-ports[testkit]"`.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"lockgate_ports.testkit.{name}"
        for name in (
            "contract",
            "engine",
            "engine_answers",
            "engine_contract",
            "engine_hygiene",
            "errors",
            "grammar",
            "hygiene",
            "keys",
            "listing",
            "manifest",
            "operation_contract",
            "operation_provider",
            "operation_tests",
            "plain",
            "provider",
            "relay",
            "scripted",
            "streams",
        )
    )
)

from lockgate_ports.testkit.contract import ProviderContract  # noqa: E402
from lockgate_ports.testkit.engine_contract import EngineContract  # noqa: E402
from lockgate_ports.testkit.operation_contract import EmbeddingsContract, RerankContract  # noqa: E402
from lockgate_ports.testkit.operation_samples import OperationAsked, OperationSample, OperationSamples  # noqa: E402
from lockgate_ports.testkit.samples import ALIAS, KEY, Asked, BrokenStream, Listed, Refused, Sample, Samples  # noqa: E402
from lockgate_ports.testkit.scripted import Exchange, NoAnswer, ScriptedHttp, ScriptedResponse  # noqa: E402
from lockgate_ports.testkit.splitting import by_blank_line, by_line  # noqa: E402

__all__ = [
    "ALIAS",
    "KEY",
    "Asked",
    "BrokenStream",
    "EmbeddingsContract",
    "EngineContract",
    "Exchange",
    "Listed",
    "NoAnswer",
    "OperationAsked",
    "OperationSample",
    "OperationSamples",
    "ProviderContract",
    "Refused",
    "RerankContract",
    "Sample",
    "Samples",
    "ScriptedHttp",
    "ScriptedResponse",
    "by_blank_line",
    "by_line",
]
