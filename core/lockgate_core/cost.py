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


def cost_of(usage: Usage | None, price: Price | None) -> Cost:
    """The cost of one attempt. What the provider itself says counts first."""
    if usage is None:
        return UNKNOWN_COST
    if usage.reported_cost is not None:
        return Cost(usage.reported_cost, "reported")
    if price is None:
        return UNKNOWN_COST
    usd = _sum(usage, _rates(usage, price))
    if usd is None:
        return Cost(None, "unknown", price.source, price.as_of)
    basis: CostBasis = "estimated" if usage.estimated else "priced"
    return Cost(usd, basis, price.source, price.as_of)


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Of all attempts together; as certain as the least certain of them. None when none can have been charged."""
    charged = [cost for cost in costs if cost is not None]
    if len(charged) < 2:
        return charged[0] if charged else None
    bases: list[CostBasis] = [cost.basis for cost in charged]
    basis = max(bases, key=_CERTAINTY.index)
    if basis == "unknown":
        return UNKNOWN_COST
    return Cost(sum((cost.usd for cost in charged if cost.usd is not None), Decimal(0)), basis)


def _rates(usage: Usage, price: Price) -> Rates:
    if usage.service_tier is not None and usage.service_tier in price.service_tiers:
        return price.service_tiers[usage.service_tier]
    rates = price.rates
    for tier in price.tiers:
        if (usage.input_tokens or 0) > tier.above_input_tokens:
            rates = tier.rates
    return rates


def _sum(usage: Usage, rates: Rates) -> Decimal | None:
    """None when a class of tokens was used whose rate is not known, or how many there were is not."""
    usd = Decimal(0)
    if rates.request is not None:
        usd += rates.request * (1 if usage.billed_requests is None else usage.billed_requests)
    if usage.server_tool_requests:
        if rates.server_tool_request is None:
            return None
        usd += usage.server_tool_requests * rates.server_tool_request
    if rates.input is None and rates.output is None and rates.request is not None:
        return usd  # charged by the call alone
    millionths = Decimal(0)
    for tokens, rate in (*_inputs(usage, rates), *_outputs(usage, rates)):
        if tokens != 0 and rate != 0:
            if tokens is None or rate is None:
                return None
            millionths += tokens * rate
    return usd + millionths / _MILLION


_Part = tuple[int | None, Decimal | None]
"""So many tokens, at so much for a million."""


def _inputs(usage: Usage, rates: Rates) -> list[_Part]:
    if usage.billed_input_tokens is not None:
        return [(usage.billed_input_tokens, rates.input)]
    hour = usage.cache_write_1h_tokens or 0
    return [
        (hour, rates.cache_write_1h),
        *_apart(
            None if usage.input_tokens is None else usage.input_tokens - hour,
            rates.input,
            (usage.cache_read_tokens, rates.cache_read, False),
            ((usage.cache_write_tokens or 0) - hour, rates.cache_write, False),
            (usage.input_audio_tokens, rates.input_audio, True),
            (usage.input_image_tokens, rates.input_image, False),
        ),
    ]


def _outputs(usage: Usage, rates: Rates) -> list[_Part]:
    if usage.billed_output_tokens is not None:
        return [(usage.billed_output_tokens, rates.output)]
    if usage.output_tokens is None and rates.output is None:
        return []  # a model that writes no tokens: nobody counts them, and nobody charges
    return _apart(
        usage.output_tokens,
        rates.output,
        (usage.reasoning_tokens, rates.reasoning, False),
        (usage.output_audio_tokens, rates.output_audio, True),
        (usage.output_image_tokens, rates.output_image, False),
    )


def _apart(whole: int | None, rate: Decimal | None, *shares: tuple[int | None, Decimal | None, bool]) -> list[_Part]:
    """Each share that has a rate of its own, or must have one, and the rest at the plain rate."""
    parts: list[_Part] = []
    for tokens, own, needs_own in shares:
        if tokens and (own is not None or needs_own):
            parts.append((tokens, own))
            if whole is not None:
                whole -= tokens
    # A prompt that is audio and cached at once is told in both shares: then they say more than there is.
    parts.append((None if whole is None else max(0, whole), rate))
    return parts
