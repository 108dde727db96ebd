"""Ollama for Lockgate: the dialects ollama-chat and ollama-embeddings, and the kind ollama."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`ollama`."""
    from llm_plugin_ollama.kinds import OLLAMA

    return (OLLAMA,)
