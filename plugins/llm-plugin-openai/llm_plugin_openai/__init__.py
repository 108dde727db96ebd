"""OpenAI's languages, and the kinds openai and openai-compatible for Lockgate."""

from typing import Any

from lockgate_ports.dialect import CatalogueDialect, SurfaceDialect
from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`openai` and `openai-compatible`."""
    from llm_plugin_openai.kinds import OPENAI, OPENAI_COMPATIBLE

    return (OPENAI, OPENAI_COMPATIBLE)


@hookimpl
def register_dialects() -> tuple[SurfaceDialect[Any, Any] | CatalogueDialect, ...]:
    """`openai-chat`, `openai-responses`, `openai-embeddings` and `openai-models`."""
    from llm_plugin_openai.catalogue import OpenAIModels
    from llm_plugin_openai.dialect import OpenAIChat
    from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
    from llm_plugin_openai.responses.dialect import OpenAIResponses

    return (OpenAIChat(), OpenAIResponses(), OpenAIEmbeddings(), OpenAIModels())
