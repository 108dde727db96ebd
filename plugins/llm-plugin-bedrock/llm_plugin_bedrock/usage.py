"""Token usage (Amazon Bedrock API reference, TokenUsage): `inputTokens` leaves out what was read from or written to
the cache.
"""

from collections.abc import Mapping

from msgspec import Struct

from lockgate_ports.usage import Usage


class CacheDetail(Struct, gc=False):
    """What one lifetime had written."""

    ttl: str | None = None
    inputTokens: int | None = None  # noqa: N815  the wire's name


class WireUsage(Struct, gc=False):
    """`usage`."""

    inputTokens: int | None = None  # noqa: N815
    outputTokens: int | None = None  # noqa: N815
    totalTokens: int | None = None  # noqa: N815
    cacheReadInputTokens: int | None = None  # noqa: N815
    cacheWriteInputTokens: int | None = None  # noqa: N815
    cacheReadInputTokenCount: int | None = None  # noqa: N815  Nova's own names for the two above
    cacheWriteInputTokenCount: int | None = None  # noqa: N815
    cacheDetails: list[CacheDetail] | None = None  # noqa: N815


def input_tokens_in(headers: Mapping[str, str]) -> int | None:
    """What the head of InvokeModel's answer says, whoever made the model; Cohere's bodies count nothing."""
    count = headers.get("x-amzn-bedrock-input-token-count", "")
    return int(count) if count.isascii() and count.isdecimal() else None


class ServiceTier(Struct, gc=False):
    """`serviceTier`, beside the usage."""

    type: str | None = None


def usage_of(wire: WireUsage | None, tier: ServiceTier | None = None) -> Usage | None:
    """In the canonical meaning; None where nothing was reported."""
    if wire is None or (wire.inputTokens is None and wire.outputTokens is None):
        return None
    read = wire.cacheReadInputTokenCount if wire.cacheReadInputTokens is None else wire.cacheReadInputTokens
    written = wire.cacheWriteInputTokenCount if wire.cacheWriteInputTokens is None else wire.cacheWriteInputTokens
    hour = [each.inputTokens for each in wire.cacheDetails or () if each.ttl == "1h" and each.inputTokens is not None]
    return Usage(
        input_tokens=wire.inputTokens + (read or 0) + (written or 0) if wire.inputTokens is not None else None,
        output_tokens=wire.outputTokens,
        total_tokens=wire.totalTokens,
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=sum(hour) if hour else None,
        service_tier=tier.type if tier is not None else None,
    )
