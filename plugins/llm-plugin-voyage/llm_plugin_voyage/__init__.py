"""Voyage AI for Lockgate: the dialects voyage-embeddings and voyage-rerank, and the kind voyage."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`voyage`."""
    from llm_plugin_voyage.kinds import VOYAGE

    return (VOYAGE,)
