"""AWS Secrets Manager for Lockgate: secrets by `aws-sm:name#field`."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.secrets import SecretsPort


@hookimpl
def register_secrets() -> tuple[Factory[Any, SecretsPort], ...]:
    """`aws-sm`."""
    from llm_plugin_aws_secrets.store import AWS_SM

    return (AWS_SM,)
