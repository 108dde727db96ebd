"""Between which two prices one attempt will lie, before it is made. Pure."""

from decimal import Decimal
from typing import Any

from msgspec import Struct

from lockgate_core.routing.need import Need
from lockgate_ports.cards import ModelCard, Rates
from lockgate_ports.chat import ChatRequest

_MILLION = Decimal(1_000_000)


class PriceBounds(Struct, frozen=True, omit_defaults=True):
    """US dollars for one attempt. `most` is None where nothing bounds it: pictures, or no limit on the answer."""

    least: Decimal
    most: Decimal | None = None


def price_bounds(card: ModelCard | None, view: Any, need: Need, size: int) -> PriceBounds | None:
    """None where the price is not known. `size` is the request in bytes: a token of text has at least one."""
    if card is None or card.price is None or not isinstance(view, ChatRequest):
        return None
    tiers = [card.price.rates, *(tier.rates for tier in card.price.tiers)]
    low, high = _inputs(tiers)
    output = [rate for rates in tiers for rate in (rates.output, rates.reasoning) if rate is not None]
    if low is None or high is None or not output:
        return None
    fixed = card.price.rates.request or Decimal(0)
    least = fixed + low * need.input_tokens / _MILLION
    answer = view.max_tokens or card.max_output_tokens
    if answer is None or need.inputs:
        return PriceBounds(least)
    return PriceBounds(least, fixed + (high * size + max(output) * answer * (view.n or 1)) / _MILLION)


def _inputs(tiers: list[Rates]) -> tuple[Decimal | None, Decimal | None]:
    """The lowest and the highest rate that a token of the prompt may have."""
    found = [
        rate
        for rates in tiers
        for rate in (rates.input, rates.cache_read, rates.cache_write, rates.cache_write_1h)
        if rate is not None
    ]
    return min(found, default=None), max(found, default=None)
