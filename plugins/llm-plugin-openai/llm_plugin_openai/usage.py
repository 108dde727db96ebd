"""Token usage, both ways (OpenAI API reference, Chat Completions, `usage`), with the words of other servers."""

from collections.abc import Iterable
from decimal import Decimal
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.carried import NULL, said
from lockgate_ports.usage import Usage

_Count = int | None


class _Prompt(Struct, gc=False):
    cached_tokens: _Count = None
    cache_write_tokens: _Count = None
    audio_tokens: _Count = None
    image_tokens: _Count = None


class _Completion(Struct, gc=False):
    reasoning_tokens: _Count = None
    audio_tokens: _Count = None
    image_tokens: _Count = None
    accepted_prediction_tokens: _Count = None
    rejected_prediction_tokens: _Count = None


class _CacheCreation(Struct, gc=False):
    ephemeral_1h_input_tokens: _Count = None


class _CostDetails(Struct, gc=False):
    upstream_inference_cost: Decimal | None = None


class _Usage(Struct, gc=False):
    prompt_tokens: _Count = None
    completion_tokens: _Count = None
    total_tokens: _Count = None
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None
    # the words of OpenAI's Responses, DeepSeek, Moonshot, Copilot, and of gateways in front of Anthropic
    input_tokens: _Count = None
    output_tokens: _Count = None
    input_tokens_details: _Prompt | None = None
    output_tokens_details: _Completion | None = None
    prompt_cache_hit_tokens: _Count = None
    cached_tokens: _Count = None
    reasoning_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_creation: _CacheCreation | None = None
    cost: Raw = NULL
    is_byok: bool | None = None
    cost_details: _CostDetails | None = None
    cost_in_usd_ticks: _Count = None


class _Cost(Struct, gc=False):
    total_cost: Decimal | None = None


_USAGE = msgspec.json.Decoder(_Usage)
_LAX = msgspec.json.Decoder(_Usage, strict=False)
_COST = msgspec.json.Decoder(Decimal | _Cost)
_NO_PROMPT, _NO_COMPLETION = _Prompt(), _Completion()

_PROMPT_SHARES = {
    "cached_tokens": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "audio_tokens": "input_audio_tokens",
    "image_tokens": "input_image_tokens",
}
"""OpenAI's names of the shares of the prompt, and ours."""
_COMPLETION_SHARES = {
    "reasoning_tokens": "reasoning_tokens",
    "audio_tokens": "output_audio_tokens",
    "image_tokens": "output_image_tokens",
    "accepted_prediction_tokens": "accepted_prediction_tokens",
    "rejected_prediction_tokens": "rejected_prediction_tokens",
}
_PROMPT_COUNTS = attrgetter(*_PROMPT_SHARES.values())
_COMPLETION_COUNTS = attrgetter(*_COMPLETION_SHARES.values())
_NO_PROMPT_COUNTS = _PROMPT_COUNTS(Usage())
_NO_COMPLETION_COUNTS = _COMPLETION_COUNTS(Usage())


def read_usage(raw: Raw, service_tier: Any = None, searches: int | None = None) -> Usage | None:
    """Usage in OpenAI's meaning: `input_tokens` holds the cached ones, `output_tokens` the reasoning; None for null
    and for what is no usage at all. `service_tier` is what stands beside it; `auto` is none."""
    try:
        wire = _USAGE.decode(raw)
    except msgspec.ValidationError:
        try:
            wire = _LAX.decode(raw)  # 12.0 and "12" are counts too
        except msgspec.ValidationError:
            return None
    prompt = wire.prompt_tokens_details or wire.input_tokens_details or _NO_PROMPT
    completion = wire.completion_tokens_details or wire.output_tokens_details or _NO_COMPLETION
    given = wire.prompt_tokens if wire.prompt_tokens is not None else wire.input_tokens
    made = wire.completion_tokens if wire.completion_tokens is not None else wire.output_tokens
    thought = completion.reasoning_tokens if completion.reasoning_tokens is not None else wire.reasoning_tokens
    cached, kept, cost = prompt.cached_tokens, prompt.cache_write_tokens, None
    if wire.cost is not NULL or wire.cost_in_usd_ticks is not None:
        cost = _cost(wire)
    if thought and given is not None and made is not None and wire.total_tokens == given + made + thought:
        made += thought  # xAI and others count reasoning beside the completion
    return Usage(  # by place: with names it would take as long as the decoding thrice
        given,
        made,
        wire.total_tokens,
        cached if cached is not None else _cached(wire),
        kept if kept is not None else wire.cache_creation_input_tokens,
        wire.cache_creation.ephemeral_1h_input_tokens if wire.cache_creation is not None else None,
        thought,
        prompt.audio_tokens,
        completion.audio_tokens,
        prompt.image_tokens,
        completion.image_tokens,
        completion.accepted_prediction_tokens,
        completion.rejected_prediction_tokens,
        None,
        searches,
        None,
        None,
        None,
        cost,
        service_tier if isinstance(service_tier, str) and service_tier not in ("", "auto") else None,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """The three totals always, since clients count on them; details as far as they are known."""
    given, made = usage.input_tokens or 0, usage.output_tokens or 0
    fields: dict[str, Any] = {
        "prompt_tokens": given,
        "completion_tokens": made,
        "total_tokens": usage.total_tokens if usage.total_tokens is not None else given + made,
    }
    if (prompt := _PROMPT_COUNTS(usage)) != _NO_PROMPT_COUNTS:
        fields["prompt_tokens_details"] = _known(_PROMPT_SHARES, prompt)
    if (completion := _COMPLETION_COUNTS(usage)) != _NO_COMPLETION_COUNTS:
        fields["completion_tokens_details"] = _known(_COMPLETION_SHARES, completion)
    if usage.reported_cost is not None:
        fields["cost"] = Raw(str(usage.reported_cost).encode())
    return fields


def _cached(wire: _Usage) -> int | None:
    if wire.prompt_cache_hit_tokens is not None:
        return wire.prompt_cache_hit_tokens
    return wire.cached_tokens if wire.cached_tokens is not None else wire.cache_read_input_tokens


def _cost(wire: _Usage) -> Decimal | None:
    if wire.cost_in_usd_ticks is not None:
        return Decimal(wire.cost_in_usd_ticks).scaleb(-10)  # xAI's unit
    if not said(wire.cost):
        return None
    try:
        cost = _COST.decode(wire.cost)
    except msgspec.ValidationError:
        return None
    told = cost.total_cost if isinstance(cost, _Cost) else cost
    details = wire.cost_details
    if told is not None and wire.is_byok and details is not None and details.upstream_inference_cost is not None:
        told += (
            details.upstream_inference_cost
        )  # OpenRouter with the caller's own key: its fee, and the provider's bill
    return told


def _known(names: Iterable[str], counts: Iterable[int | None]) -> dict[str, int]:
    return {name: count for name, count in zip(names, counts, strict=True) if count is not None}
