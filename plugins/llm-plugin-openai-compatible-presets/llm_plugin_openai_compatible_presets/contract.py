"""Every kind under the contract of every provider."""

from typing import Any

from msgspec import structs

import llm_plugin_openai_compatible_presets
from llm_plugin_openai.embeddings.samples import openai_embeddings
from llm_plugin_openai.samples import OPENAI_CHAT
from llm_plugin_openai_compatible_presets.hosted import HOSTED
from llm_plugin_openai_compatible_presets.local import LOCAL
from llm_plugin_openai_compatible_presets.row import Embeddings, Row
from lockgate_ports.testkit import EmbeddingsContract, ProviderContract

# `seed` means something to some of the rows; a field that nobody knows is relayed by all
_SAMPLES = structs.replace(OPENAI_CHAT, relay_request=OPENAI_CHAT.relay_request.replace(b'"seed"', b'"zy"'))


def _contract(row: Row) -> type[ProviderContract]:
    attributes: dict[str, Any] = {
        "plugin": llm_plugin_openai_compatible_presets,
        "kind": row.kind,
        "settings": {"base_url": f"http://{row.kind}.test/v1"},
        "model": "sample-1",
        "samples": _SAMPLES if row.lists else structs.replace(_SAMPLES, model_list=None),
        "__module__": __name__,
    }
    return type(f"Test_{row.kind}", (ProviderContract,), attributes)


def _embeddings(row: Row, ways: Embeddings) -> type[EmbeddingsContract]:
    samples = openai_embeddings(dict(ways.renames).get("dimensions", "dimensions"))
    attributes: dict[str, Any] = {
        "plugin": llm_plugin_openai_compatible_presets,
        "kind": row.kind,
        "settings": {"base_url": f"http://{row.kind}.test/v1"},
        "model": "sample-2",
        "samples": structs.replace(samples, sized="dimensions" not in ways.lacks),
        "__module__": __name__,
    }
    return type(f"Test_{row.kind}_embeddings", (EmbeddingsContract,), attributes)


globals().update({f"Test_{row.kind}": _contract(row) for row in (*HOSTED, *LOCAL)})
globals().update(
    {
        f"Test_{row.kind}_embeddings": _embeddings(row, row.embeddings)
        for row in (*HOSTED, *LOCAL)
        if row.embeddings is not None
    }
)
