"""Servers that people run themselves, each at the address where it listens unless told otherwise."""

from llm_plugin_openai.quirks import Quirks
from llm_plugin_openai_compatible_presets.row import Embeddings, Row

_ALL_SAMPLING = ("top_k", "min_p", "repetition_penalty")
_REPEAT = (("repetition_penalty", "repeat_penalty"),)

LOCAL: tuple[Row, ...] = (
    Row(
        kind="llama-cpp-server",
        base_url="http://127.0.0.1:8080/v1",
        summary="llama.cpp's llama-server.",
        needs_credential=False,
        completions=True,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            reasoning_field="reasoning_content",
            sampling=_ALL_SAMPLING,
            renames=_REPEAT,
            thinking="template",
            think_tags=True,
        ),
    ),
    Row(
        kind="vllm",
        base_url="http://127.0.0.1:8000/v1",
        passes=("audio",),
        summary="vLLM's OpenAI-compatible server.",
        needs_credential=False,
        completions=True,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            reasoning_field="reasoning",
            sampling=_ALL_SAMPLING,
            thinking="template",
            think_tags=True,
            video_urls=True,
        ),
    ),
    Row(
        kind="sglang",
        base_url="http://127.0.0.1:30000/v1",
        summary="SGLang's OpenAI-compatible server.",
        needs_credential=False,
        completions=True,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            reasoning_field="reasoning_content",
            sampling=_ALL_SAMPLING,
            thinking="template",
            think_tags=True,
            video_urls=True,
        ),
    ),
    Row(
        kind="lm-studio",
        base_url="http://127.0.0.1:1234/v1",
        summary="LM Studio's local server.",
        needs_credential=False,
        completions=True,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            reasoning_field="reasoning_content",
            sampling=("top_k", "repetition_penalty"),
            renames=_REPEAT,
            developer_role=False,
            formats=("text", "json_schema"),
            think_tags=True,
        ),
    ),
    Row(
        kind="text-generation-webui",
        base_url="http://127.0.0.1:5000/v1",
        summary="text-generation-webui's OpenAI-compatible API.",
        needs_credential=False,
        completions=True,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            stream_usage=False,
            sampling=_ALL_SAMPLING,
            developer_role=False,
            think_tags=True,
        ),
    ),
    Row(
        kind="litellm",
        base_url="http://127.0.0.1:4000/v1",
        passes=("moderations", "audio", "images"),
        summary="LiteLLM's proxy.",
        needs_credential=False,
        embeddings=Embeddings(),
        quirks=Quirks(
            max_tokens_field="max_tokens",
            reasoning_field="reasoning_content",
            sampling=_ALL_SAMPLING,
            video_urls=True,
            file_urls=True,
            drawn_images=True,
            cache_control=True,
        ),
    ),
)
