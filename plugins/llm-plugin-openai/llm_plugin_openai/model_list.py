"""OpenAIModelList: `GET /models` (OpenAI API reference, List models), with what other servers say besides.

OpenAI tells names and little else. Its imitators tell more, each in fields of its own: OpenRouter, Together, Groq,
Mistral, Moonshot and Fireworks in their API references, vLLM and SGLang (`max_model_len`), llama.cpp (`meta`), LM
Studio (`/api/v0`). A field that a row does not have says nothing.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from lockgate_ports.cards import Modality, ModelCard, Price, Rates
from lockgate_ports.dialect import Upstream
from lockgate_ports.model_lists import Asking, Row, amount, day, decoded, flag, get, listed, members, rows_of, tokens
from lockgate_ports.wire import Operation

_PATH = "/models"
_MILLION = 1_000_000
_MODALITIES: dict[str, Modality] = {
    "text": "text",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
}
_TYPES: dict[str, tuple[Operation, ...]] = {
    "chat": ("chat",),
    "llm": ("chat",),
    "vlm": ("chat",),
    "embedding": ("embeddings",),
    "embeddings": ("embeddings",),
    "rerank": ("rerank",),
}
_PER_TOKEN = {
    "input": "prompt",
    "output": "completion",
    "cache_read": "input_cache_read",
    "cache_write": "input_cache_write",
    "reasoning": "internal_reasoning",
    "input_audio": "audio",
}
"""OpenRouter's words, in US dollars for a token; a price of its own is 0 where it is free, and -1 where it varies."""
_PER_MILLION = {"input": "input", "output": "output", "cache_read": "cached_input"}
"""Together's words, in US dollars for a million; 0 stands where there is none."""


class OpenAIModelList:
    """A ModelList: one page."""

    def ask(self, upstream: Upstream) -> Asking:
        """Raises UpstreamError for what is no list."""
        request = get(_PATH, upstream)
        page = yield request
        said = decoded(page)
        rows = rows_of({"data": said} if isinstance(said, list) else said, "data", "id")
        source = f"{upstream.origin}{request.target}"
        return tuple(_card(name, row, source, page.day) for name, row in rows)


def _card(name: str, row: Row, source: str, today: str | None) -> ModelCard:
    meta, top = members(row.get("meta")), members(row.get("top_provider"))
    parameters = tokens(meta.get("n_params"))
    abilities = listed(row.get("supported_parameters"))
    can = members(row.get("capabilities"))
    built = members(row.get("architecture"))
    return ModelCard(
        id=name,
        operations=_operations(row, can, built),
        context_tokens=tokens(
            *(row.get(field) for field in ("context_length", "context_window", "max_model_len", "max_context_length")),
            *(meta.get("n_ctx"), meta.get("n_ctx_train"), top.get("context_length")),
        ),
        max_output_tokens=tokens(
            row.get("max_completion_tokens"), row.get("max_output_tokens"), top.get("max_completion_tokens")
        ),
        parameters_billions=parameters / 1e9 if parameters else None,
        inputs=_modalities(built, "input_modalities") or _seen(row, can),
        outputs=_modalities(built, "output_modalities"),
        tools=flag(can.get("function_calling"), row.get("supports_tools"), _has(abilities, "tools")),
        structured_output=flag(_has(abilities, "structured_outputs")),
        reasoning=flag(can.get("reasoning"), row.get("supports_reasoning"), _has(abilities, "reasoning")),
        price=_price(members(row.get("pricing")), source, today),
        retires=day(*(row.get(field) for field in ("shutdown_date", "deprecation", "expiration_date"))),
    )


def _operations(row: Row, can: Row, built: Row) -> tuple[Operation, ...]:
    kind = row.get("type")
    if isinstance(kind, str) and kind in _TYPES:
        return _TYPES[kind]
    chats = flag(can.get("completion_chat"), row.get("supports_chat"))
    if chats or "text" in (_modalities(built, "output_modalities") or ()):
        return ("chat",)
    return ()


def _modalities(built: Row, member: str) -> tuple[Modality, ...] | None:
    words = listed(built.get(member))
    if words is None:
        return None
    return tuple(_MODALITIES[word] for word in words if word in _MODALITIES) or None


def _seen(row: Row, can: Row) -> tuple[Modality, ...] | None:
    images = flag(can.get("vision"), row.get("supports_image_in"), row.get("supports_image_input"))
    if images is None:
        return None
    videos: tuple[Modality, ...] = ("video",) if row.get("supports_video_in") is True else ()
    return ("text", "image", *videos) if images else ("text", *videos)


def _price(pricing: Row, source: str, today: str | None) -> Price | None:
    rates: dict[str, Decimal]
    if "prompt" in pricing:
        rates = {ours: rate * _MILLION for ours, rate in _rates(pricing, _PER_TOKEN).items()}
        calls, searches = amount(pricing.get("request")), amount(pricing.get("web_search"))
        rates |= {"request": calls} if calls else {}
        rates |= {"server_tool_request": searches} if searches else {}
    else:
        rates = {ours: rate for ours, rate in _rates(pricing, _PER_MILLION).items() if rate}
    if "input" not in rates or today is None:
        return None
    return Price(rates=Rates(**{name: rate.normalize() for name, rate in rates.items()}), source=source, as_of=today)


def _rates(pricing: Row, words: dict[str, str]) -> dict[str, Decimal]:
    found = {ours: amount(pricing.get(theirs)) for ours, theirs in words.items()}
    return {ours: rate for ours, rate in found.items() if rate is not None}


def _has(words: Sequence[Any] | None, word: str) -> bool | None:
    return None if words is None else word in words
