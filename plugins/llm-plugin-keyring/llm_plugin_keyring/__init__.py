"""The keyring of the operating system for Lockgate: secrets by `keyring:service/user`."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.secrets import SecretsPort


@hookimpl
def register_secrets() -> tuple[Factory[Any, SecretsPort], ...]:
    """`keyring`."""
    from llm_plugin_keyring.store import KEYRING

    return (KEYRING,)
