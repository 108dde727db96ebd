"""Providers and local servers that speak openai-chat with quirks of their own, as data, for Lockgate."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """One kind a row."""
    from llm_plugin_openai_compatible_presets.kinds import FACTORIES

    return FACTORIES
