"""What a call costs: its usage by the price of the model that answered. Exact, in Decimal; unknown is never 0. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from lockgate_ports.cards import Price, Rates
from lockgate_ports.records import UNKNOWN_COST, Cost, CostBasis
from lockgate_ports.usage import Usage

_MILLION = Decimal(1_000_000)
_CERTAINTY: tuple[CostBasis, ...] = ("reported", "priced", "estimated", "unknown")

Prices = Mapping[tuple[str, str], Price]
"""By provider_id and model."""


def cost_of(usage: Usage | None, price: Price | None, service_tier: str | None = None) -> Cost:
    """The cost of one attempt. What the provider itself says counts first."""
    if usage is None:
        return UNKNOWN_COST
    if usage.reported_cost is not None:
        return Cost(usage.reported_cost, "reported")
    if price is None:
        return UNKNOWN_COST
    usd = _sum(usage, _rates(usage, price, service_tier))
    if usd is None:
        return Cost(None, "unknown", price.source, price.as_of)
    basis: CostBasis = "estimated" if usage.estimated else "priced"
    return Cost(usd, basis, price.source, price.as_of)


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Of all attempts together; as certain as the least certain of them. None when none can have been charged."""
    charged = [cost for cost in costs if cost is not None]
    if len(charged) < 2:
        return charged[0] if charged else None
    basis = max((cost.basis for cost in charged), key=_CERTAINTY.index)
    if basis == "unknown":
        return UNKNOWN_COST
    return Cost(sum((cost.usd for cost in charged if cost.usd is not None), Decimal(0)), basis)


def _rates(usage: Usage, price: Price, service_tier: str | None) -> Rates:
    if service_tier is not None and service_tier in price.service_tiers:
        return price.service_tiers[service_tier]
    rates = price.rates
    for tier in price.tiers:
        if (usage.input_tokens or 0) > tier.above_input_tokens:
            rates = tier.rates
    return rates


def _sum(usage: Usage, rates: Rates) -> Decimal | None:
    """None when a class of tokens was used whose rate is not known, or how many there were is not."""
    if usage.input_tokens is None or (usage.output_tokens is None and rates.output is not None):
        return None
    cache_read, audio_in, image_in = usage.cache_read_tokens, usage.input_audio_tokens, usage.input_image_tokens
    write_1h = usage.cache_write_1h_tokens or 0
    write = (usage.cache_write_tokens or 0) - write_1h
    reasoning, audio_out = usage.reasoning_tokens, usage.output_audio_tokens
    # Each class apart, and the rest at the plain rate. A class that has no rate of its own stays in the rest.
    parts: list[tuple[int, Decimal | None]] = [(write_1h, rates.cache_write_1h)]
    plain_in = usage.input_tokens - write_1h
    for tokens, rate, own in (
        (cache_read or 0, rates.cache_read, False),
        (write, rates.cache_write, False),
        (audio_in or 0, rates.input_audio, True),
        (image_in or 0, rates.input_image, False),
    ):
        if rate is not None or own:
            parts.append((tokens, rate))
            plain_in -= tokens
    plain_out = usage.output_tokens or 0
    for tokens, rate, own in (
        (reasoning or 0, rates.reasoning, False),
        (audio_out or 0, rates.output_audio, True),
        (usage.output_image_tokens or 0, rates.output_image, False),
    ):
        if rate is not None or own:
            parts.append((tokens, rate))
            plain_out -= tokens
    # A prompt that is audio and cached at once is told in both classes: then the shares say more than there is.
    parts += [(max(0, plain_in), rates.input), (max(0, plain_out), rates.output)]
    usd = Decimal(0)
    for tokens, rate in parts:
        if tokens:
            if rate is None:
                return None
            usd += tokens * rate
    usd /= _MILLION
    if rates.request is not None:
        usd += rates.request
    if usage.server_tool_requests:
        if rates.server_tool_request is None:
            return None
        usd += usage.server_tool_requests * rates.server_tool_request
    return usd
