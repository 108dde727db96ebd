"""Anthropic's languages, and the kind anthropic for Lockgate."""

from typing import Any

from lockgate_ports.dialect import CatalogueDialect, SurfaceDialect
from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`anthropic`."""
    from llm_plugin_anthropic.kinds import ANTHROPIC

    return (ANTHROPIC,)


@hookimpl
def register_dialects() -> tuple[SurfaceDialect[Any, Any] | CatalogueDialect, ...]:
    """`anthropic-messages`, `anthropic-count-tokens` and `anthropic-models`."""
    from llm_plugin_anthropic.catalogue import AnthropicModels
    from llm_plugin_anthropic.count_tokens import AnthropicCountTokens
    from llm_plugin_anthropic.dialect import AnthropicMessages

    return (AnthropicMessages(), AnthropicCountTokens(), AnthropicModels())
