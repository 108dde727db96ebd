"""The gemini dialects, and the kinds google and vertex for Lockgate."""

from typing import Any

from lockgate_ports.dialect import CatalogueDialect, SurfaceDialect
from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`google` and `vertex`."""
    from llm_plugin_google.kinds import GOOGLE
    from llm_plugin_google.vertex import VERTEX

    return (GOOGLE, VERTEX)


@hookimpl
def register_dialects() -> tuple[SurfaceDialect[Any, Any] | CatalogueDialect, ...]:
    """`gemini`, `gemini-embeddings`, `gemini-embed-content` and `gemini-count-tokens`."""
    from llm_plugin_google.count_tokens import GeminiCountTokens
    from llm_plugin_google.dialect import Gemini
    from llm_plugin_google.embed_surface import GeminiBatchEmbed, GeminiEmbedContent

    return (Gemini(), GeminiBatchEmbed(), GeminiEmbedContent(), GeminiCountTokens())
