"""HashiCorp Vault and OpenBao for Lockgate: secrets by `vault:path#field`."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.secrets import SecretsPort


@hookimpl
def register_secrets() -> tuple[Factory[Any, SecretsPort], ...]:
    """`vault`."""
    from llm_plugin_vault.kind import VAULT

    return (VAULT,)
