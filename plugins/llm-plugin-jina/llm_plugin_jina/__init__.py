"""Jina AI for Lockgate: the dialects jina-embeddings and jina-rerank, and the kind jina."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`jina`."""
    from llm_plugin_jina.kinds import JINA

    return (JINA,)
