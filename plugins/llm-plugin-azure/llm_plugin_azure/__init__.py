"""Azure OpenAI for Lockgate: the kind azure-openai."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`azure-openai`."""
    from llm_plugin_azure.kind import AZURE_OPENAI

    return (AZURE_OPENAI,)
