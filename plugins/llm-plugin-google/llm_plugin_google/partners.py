"""Other makers' models on Vertex AI: whose a model is, by its name, and how its maker's language is spoken there.

Claude by rawPredict (Google Cloud, "Use Claude models"; the vertex client of the `anthropic` SDK), Mistral and AI21 by
rawPredict too (`raw_predict`), open models by Chat Completions (Google Cloud, "Call MaaS APIs for open models").
"""

import re
from collections.abc import Mapping
from typing import Literal

from llm_plugin_anthropic import error_in as anthropic_error
from llm_plugin_anthropic.quirks import Quirks as ClaudeQuirks
from llm_plugin_google import error_in
from llm_plugin_google.models import GOOGLES_OWN
from llm_plugin_openai.quirks import Quirks as ChatQuirks
from lockgate_ports.dialect import Upstream
from lockgate_ports.errors import UpstreamError

Maker = Literal["google", "anthropic", "mistralai", "ai21", "open"]

_FULL = re.compile(r"publishers/([^/]+)/models/(.+)")
_PUBLISHERS: dict[str, Maker] = {
    "google": "google",
    "anthropic": "anthropic",
    "mistralai": "mistralai",
    "ai21": "ai21",
}
_BEGINNINGS: dict[str, Maker] = {
    "claude-": "anthropic",
    "mistral-": "mistralai",
    "ministral-": "mistralai",
    "codestral": "mistralai",
    "jamba-": "ai21",
}
_COLLECTIONS = ("models", "tunedModels", "endpoints")

CLAUDE = ClaudeQuirks(
    path="/publishers/anthropic/models/{model}:rawPredict",
    stream_path="/publishers/anthropic/models/{model}:streamRawPredict",
    count_path="/publishers/anthropic/models/count-tokens:rawPredict",
    model_in_body=False,
    version_in_body="vertex-2023-10-16",
    # some betas count by the header, some by the body; either place refuses a name that it does not know
    betas="both",
    known_betas=(
        *("computer-use-2024-10-22", "computer-use-2025-01-24", "computer-use-2025-11-24", "context-1m-2025-08-07"),
        *("context-management-2025-06-27", "compact-2026-01-12", "interleaved-thinking-2025-05-14"),
        *("fine-grained-tool-streaming-2025-05-14", "token-efficient-tools-2025-02-19", "output-128k-2025-02-19"),
        *("tool-search-tool-2025-10-19", "web-search-2025-03-05"),
    ),
    body_betas=("context-1m-2025-08-07",),
)
OPEN_MODELS = ChatQuirks(
    max_tokens_field="max_tokens",
    reasoning_field="reasoning_content",
    sampling=("top_k",),
    developer_role=False,
    think_tags=True,
)


def maker_and_name(model: str) -> tuple[Maker, str]:
    """`anthropic/claude-opus-4-6` -> `anthropic`, `claude-opus-4-6`. A name with a publisher that is none of those that
    have a place of their own is an open model's and stays whole; a name without one is Google's unless its beginning
    tells whose."""
    if (full := _FULL.fullmatch(model)) is not None:
        model = f"{full.group(1)}/{full.group(2)}"
    publisher, slash, name = model.partition("/")
    if not slash:
        for begins, whose in _BEGINNINGS.items():
            if model.startswith(begins):
                return whose, model
        return "google", model
    if (maker := _PUBLISHERS.get(publisher)) is not None:
        return maker, name
    return ("google" if publisher in _COLLECTIONS else "open"), model


def openai_target(upstream: Upstream, operation: str) -> str:
    """Where a project's place serves OpenAI's operations."""
    return f"{upstream.prefix.removesuffix(GOOGLES_OWN)}/endpoints/openapi/{operation}"


def claude_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """In Anthropic's envelope when Claude speaks, in Google's when Vertex AI does."""
    error = anthropic_error.read_error(status, headers, body)
    return error if error.dialect is not None else error_in.read_error(status, headers, body)
