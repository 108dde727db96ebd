"""Token usage, both ways (Anthropic API reference, Messages, `usage`)."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from lockgate_ports.usage import Usage

_Count = int | None


class _CacheCreation(Struct, gc=False):
    ephemeral_5m_input_tokens: _Count = None
    ephemeral_1h_input_tokens: _Count = None


class _OutputDetails(Struct, gc=False):
    thinking_tokens: _Count = None


class _ServerTools(Struct, gc=False):
    web_search_requests: _Count = None
    web_fetch_requests: _Count = None


class WireUsage(Struct, gc=False):
    """`input_tokens` are those that no cache was asked for; `message_delta` repeats what is cumulative."""

    input_tokens: _Count = None
    output_tokens: _Count = None
    cache_read_input_tokens: _Count = None
    cache_creation_input_tokens: _Count = None
    cache_creation: _CacheCreation | None = None
    output_tokens_details: _OutputDetails | None = None
    server_tool_use: _ServerTools | None = None
    service_tier: str | None = None


_USAGE = msgspec.json.Decoder(WireUsage)
_FIELDS = WireUsage.__struct_fields__


def wire_usage(raw: Raw) -> WireUsage | None:
    """None for null and for what is no usage at all."""
    try:
        return _USAGE.decode(raw)
    except msgspec.ValidationError:
        return None


def merged(before: WireUsage | None, after: WireUsage | None) -> WireUsage | None:
    """What both parts of a stream say; the later counts."""
    if before is None or after is None:
        return after or before
    later = [getattr(after, name) for name in _FIELDS]
    return WireUsage(
        *(now if now is not None else getattr(before, name) for name, now in zip(_FIELDS, later, strict=True))
    )


def usage_of(wire: WireUsage | None) -> Usage | None:
    """Canonical: `input_tokens` holds what was read from a cache and written to it. None where nothing was counted."""
    if wire is None:
        return None
    given, read, kept = wire.input_tokens, wire.cache_read_input_tokens, wire.cache_creation_input_tokens
    if wire.output_tokens is None and given is None and read is None and kept is None:
        return None
    cached, details = wire.cache_creation, wire.output_tokens_details
    return Usage(
        given + (read or 0) + (kept or 0) if given is not None else None,
        wire.output_tokens,
        None,
        read,
        kept,
        cached.ephemeral_1h_input_tokens if cached is not None else None,
        details.thinking_tokens if details is not None else None,
        service_tier=wire.service_tier,
        server_tool_requests=_requests(wire.server_tool_use) if wire.server_tool_use is not None else None,
    )


def _requests(tools: _ServerTools) -> int | None:
    searches, fetches = tools.web_search_requests, tools.web_fetch_requests
    return None if searches is None and fetches is None else (searches or 0) + (fetches or 0)


def read_usage(raw: Raw) -> Usage | None:
    """Canonical usage; None for null, and for what is no usage."""
    return usage_of(wire_usage(raw))


def write_usage(usage: Usage | None) -> dict[str, Any]:
    """Both counts always, since clients count on whole numbers: one that is not known is 0 here."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    read, kept = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    fields: dict[str, Any] = {
        "input_tokens": max(0, (usage.input_tokens or 0) - read - kept),
        "output_tokens": usage.output_tokens or 0,
    }
    if usage.cache_read_tokens is not None:
        fields["cache_read_input_tokens"] = read
    if usage.cache_write_tokens is not None:
        fields["cache_creation_input_tokens"] = kept
        if (hour := usage.cache_write_1h_tokens) is not None:
            fields["cache_creation"] = {
                "ephemeral_5m_input_tokens": max(0, kept - hour),
                "ephemeral_1h_input_tokens": hour,
            }
    if usage.reasoning_tokens is not None:
        fields["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    if usage.server_tool_requests is not None:
        fields["server_tool_use"] = {"web_search_requests": usage.server_tool_requests, "web_fetch_requests": 0}
    return fields
