"""Vectors for a client (OpenAI API reference, Embeddings, the object list of embedding)."""

from typing import Any

import msgspec

from llm_plugin_openai.embeddings.wire import NAME
from lockgate_ports.embed import EmbedResponse


def write_response(answer: EmbedResponse) -> bytes:
    """`{"object": "list", "data": [...]}`; each vector in the form in which it came."""
    given = answer.usage.input_tokens if answer.usage is not None else None
    total = answer.usage.total_tokens if answer.usage is not None else None
    fields: dict[str, Any] = {
        "object": "list",
        "data": [{"object": "embedding", "index": each.index, "embedding": each.vector} for each in answer.embeddings],
        "model": answer.model or "",
        "usage": {"prompt_tokens": given or 0, "total_tokens": total if total is not None else given or 0},
    }
    if answer.native == NAME:
        fields = {**answer.extra, **fields}
    return msgspec.json.encode(fields)
