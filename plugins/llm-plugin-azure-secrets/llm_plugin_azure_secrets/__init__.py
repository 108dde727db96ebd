"""Azure Key Vault for Lockgate: secrets by `azure-kv:name#field`."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.secrets import SecretsPort


@hookimpl
def register_secrets() -> tuple[Factory[Any, SecretsPort], ...]:
    """`azure-kv`."""
    from llm_plugin_azure_secrets.store import AZURE_KV

    return (AZURE_KV,)
