"""Every kind under the contract of every provider."""

from typing import Any

from msgspec import structs

import llm_plugin_openai_compatible_presets
from llm_plugin_openai.samples import OPENAI_CHAT
from lockgate_ports.testkit import ProviderContract

# `seed` means something to some of the rows; a field that nobody knows is relayed by all
_SAMPLES = structs.replace(OPENAI_CHAT, relay_request=OPENAI_CHAT.relay_request.replace(b'"seed"', b'"zy"'))


def _contract(kind: str) -> type[ProviderContract]:
    attributes: dict[str, Any] = {
        "plugin": llm_plugin_openai_compatible_presets,
        "kind": kind,
        "settings": {"base_url": f"http://{kind}.test/v1"},
        "model": "sample-1",
        "samples": _SAMPLES,
        "__module__": __name__,
    }
    return type(f"Test_{kind}", (ProviderContract,), attributes)


globals().update(
    {
        f"Test_{factory.kind}": _contract(factory.kind)
        for factory in llm_plugin_openai_compatible_presets.register_models()
    }
)
