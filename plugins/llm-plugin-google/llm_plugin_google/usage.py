"""Token counts (Gemini API reference, UsageMetadata)."""

from typing import Any

from msgspec.structs import astuple

from llm_plugin_google.wire import TokenShare, WireUsage
from lockgate_ports.usage import Usage


def merged(earlier: WireUsage | None, later: WireUsage) -> WireUsage:
    """Counts so far: each chunk of a stream tells them anew, but may leave out what it told before."""
    if earlier is None:
        return later
    both = zip(astuple(earlier), astuple(later), strict=True)
    return WireUsage(*[new if new is not None else old for old, new in both])


def read_usage(wire: WireUsage | None) -> Usage | None:
    """None where no prompt was counted: Vertex AI sends `usageMetadata` without counts in the middle of a stream."""
    if wire is None or wire.prompt_token_count is None:
        return None
    tool_use = wire.tool_use_prompt_token_count
    asked, made = wire.prompt_tokens_details, wire.candidates_tokens_details
    return Usage(
        # the prompt's count holds the cached tokens, but not what Google's own tools added
        wire.prompt_token_count + (tool_use or 0),
        (wire.candidates_token_count or 0) + (wire.thoughts_token_count or 0),
        wire.total_token_count,
        wire.cached_content_token_count,
        None,
        None,
        wire.thoughts_token_count,
        _share(asked, "AUDIO") if asked else None,
        _share(made, "AUDIO") if made else None,
        _share(asked, "IMAGE") if asked else None,
        _share(made, "IMAGE") if made else None,
        None,
        None,
        tool_use,
        service_tier=wire.service_tier.lower() if isinstance(wire.service_tier, str) else None,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """`usageMetadata`; what is not known is left out."""
    tool_use = usage.tool_use_tokens or 0
    prompt = usage.input_tokens - tool_use if usage.input_tokens is not None else None
    thoughts = usage.reasoning_tokens or 0
    fields = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": max(usage.output_tokens - thoughts, 0) if usage.output_tokens is not None else None,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "toolUsePromptTokenCount": usage.tool_use_tokens,
        "cachedContentTokenCount": usage.cache_read_tokens,
        "totalTokenCount": _total(usage),
        "promptTokensDetails": _details(prompt, AUDIO=usage.input_audio_tokens, IMAGE=usage.input_image_tokens),
        "candidatesTokensDetails": _details(None, AUDIO=usage.output_audio_tokens, IMAGE=usage.output_image_tokens),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _total(usage: Usage) -> int | None:
    if usage.total_tokens is not None or usage.input_tokens is None or usage.output_tokens is None:
        return usage.total_tokens
    return usage.input_tokens + usage.output_tokens


def _share(shares: list[TokenShare], modality: str) -> int | None:
    found = [share.token_count or 0 for share in shares if share.modality == modality]
    return sum(found) if found else None


def _details(total: int | None, **shares: int | None) -> list[dict[str, Any]] | None:
    told = {modality: count for modality, count in shares.items() if count is not None}
    if not told:
        return None
    rest = {"TEXT": total - sum(told.values())} if total is not None else {}
    return [{"modality": modality, "tokenCount": count} for modality, count in (rest | told).items()]
