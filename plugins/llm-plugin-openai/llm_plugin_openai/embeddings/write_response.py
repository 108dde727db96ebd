"""Vectors for a client (OpenAI API reference, Embeddings, the object list of embedding)."""

from typing import Any

import msgspec

from llm_plugin_openai.embeddings.wire import NAME
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.refusals import unusable


def write_response(answer: EmbedResponse, wish: EmbedRequest) -> WrittenAnswer:
    """`{"object": "list", "data": [...]}`; the vectors as the client wished: base64, or numbers. Raises UpstreamError
    for base64 that is none."""
    try:
        vectors = [each.base64 if wish.encoding_format == "base64" else each.floats for each in answer.embeddings]
    except ValueError:
        raise unusable("a vector that is no base64 of 32-bit floats") from None
    given = answer.usage.input_tokens if answer.usage is not None else None
    total = answer.usage.total_tokens if answer.usage is not None else None
    fields: dict[str, Any] = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": each.index, "embedding": vector}
            for each, vector in zip(answer.embeddings, vectors, strict=True)
        ],
        "model": answer.model or "",
        "usage": {"prompt_tokens": given or 0, "total_tokens": total if total is not None else given or 0},
    }
    if answer.native == NAME:
        fields = {**answer.extra, **fields}
    return WrittenAnswer(msgspec.json.encode(fields))
