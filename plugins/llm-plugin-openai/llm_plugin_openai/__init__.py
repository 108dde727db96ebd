"""OpenAI's languages, and the kinds openai and openai-compatible for Lockgate."""

from typing import Any

from lockgate_ports.dialect import CatalogueDialect, PassedDialect, SurfaceDialect
from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`openai` and `openai-compatible`."""
    from llm_plugin_openai.kinds import OPENAI, OPENAI_COMPATIBLE

    return (OPENAI, OPENAI_COMPATIBLE)


@hookimpl
def register_dialects() -> tuple[SurfaceDialect[Any, Any] | PassedDialect | CatalogueDialect, ...]:
    """OpenAI's languages that clients may speak."""
    from llm_plugin_openai.catalogue import OpenAIModels
    from llm_plugin_openai.completions.dialect import OpenAICompletions
    from llm_plugin_openai.dialect import OpenAIChat
    from llm_plugin_openai.embeddings.dialect import OpenAIEmbeddings
    from llm_plugin_openai.passed.dialect import passed
    from llm_plugin_openai.responses.dialect import OpenAIResponses
    from llm_plugin_openai.responses.input_tokens import OpenAIInputTokens

    return (
        OpenAIChat(),
        OpenAIResponses(),
        OpenAIInputTokens(),
        OpenAICompletions(),
        OpenAIEmbeddings(),
        *passed(("moderations", "audio", "images")),
        OpenAIModels(),
    )
