"""Google Cloud Secret Manager for Lockgate: secrets by `gcp-sm:name#field`."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.secrets import SecretsPort


@hookimpl
def register_secrets() -> tuple[Factory[Any, SecretsPort], ...]:
    """`gcp-sm`."""
    from llm_plugin_gcp_secrets.store import GCP_SM

    return (GCP_SM,)
