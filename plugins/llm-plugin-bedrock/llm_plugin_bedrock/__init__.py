"""Amazon Bedrock for Lockgate: Converse, InvokeModel, Titan and Cohere embeddings."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`bedrock`."""
    from llm_plugin_bedrock.kinds import BEDROCK

    return (BEDROCK,)
