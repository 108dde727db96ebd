"""Which clients there are, and how each is run."""

from msgspec import Struct

SCENES = ("plain", "stream", "tools", "parallel", "structured", "vision", "errors", "cancel", "embeddings", "counting")


class Client(Struct, frozen=True):
    """`package` is what must be there, `beside` what else; `module` plays the scenes, `runs` says by what."""

    title: str
    package: str
    module: str
    runs: str
    beside: str | None = None


CLIENTS = (
    Client("openai (Python), Chat Completions", "openai", "use_openai_chat", "python"),
    Client("openai (Python), Responses", "openai", "use_openai_responses", "python"),
    Client("anthropic (Python)", "anthropic", "use_anthropic", "python"),
    Client("google-genai (Python)", "google-genai", "use_google_genai", "python"),
    Client("langchain-openai", "langchain-openai", "use_langchain_openai", "python"),
    Client("langchain-anthropic", "langchain-anthropic", "use_langchain_anthropic", "python"),
    Client("llama-index, OpenAILike", "llama-index-llms-openai-like", "use_llama_index", "python"),
    Client("pydantic-ai", "pydantic-ai-slim", "use_pydantic_ai", "python"),
    Client("instructor", "instructor", "use_instructor", "python"),
    Client("openai (npm), Chat Completions and Responses", "npm:openai", "use_openai", "node"),
    Client("@anthropic-ai/sdk", "npm:@anthropic-ai/sdk", "use_anthropic", "node"),
    Client("ai with @ai-sdk/openai", "npm:ai", "use_ai_openai", "node", "npm:@ai-sdk/openai"),
    Client("ai with @ai-sdk/openai-compatible", "npm:ai", "use_ai_compatible", "node", "npm:@ai-sdk/openai-compatible"),
    Client("ai with @ai-sdk/anthropic", "npm:ai", "use_ai_anthropic", "node", "npm:@ai-sdk/anthropic"),
    Client("Claude Code", "npm:@anthropic-ai/claude-code", "claude", "agent"),
    Client("Codex", "npm:@openai/codex", "codex", "agent"),
)
