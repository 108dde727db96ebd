"""Cohere for Lockgate: the dialects cohere-chat, cohere-embeddings and cohere-rerank, and the kind cohere."""

from typing import Any

from lockgate_ports.dialect import SurfaceDialect
from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`cohere`."""
    from llm_plugin_cohere.kinds import COHERE

    return (COHERE,)


@hookimpl
def register_dialects() -> tuple[SurfaceDialect[Any, Any], ...]:
    """`cohere-rerank`, the form that clients of rerankers speak."""
    from llm_plugin_cohere.rerank import CohereRerank

    return (CohereRerank(),)
