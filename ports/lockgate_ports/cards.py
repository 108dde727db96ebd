"""Model cards: what is known of a model, and what it costs. Nothing that is unknown is given a value."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.wire import Operation

Modality = Literal["text", "image", "audio", "video", "file"]
Tokens = Annotated[int, Meta(gt=0)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A date in ISO 8601: `2026-11-20`."""


class Rates(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """US dollars for a million tokens of each class, unless a field says otherwise. None is not 0: not priced apart
    where a field says how such tokens count then, else not known, and with it the cost of a call that used them."""

    input: Decimal | None = None
    """Of the prompt."""
    output: Decimal | None = None
    """Of the answer."""
    cache_read: Decimal | None = None
    """None: counts as `input`."""
    cache_write: Decimal | None = None
    """Kept for five minutes, or for as long as the provider says. None: counts as `input`."""
    cache_write_1h: Decimal | None = None
    """Kept for an hour. None: not known."""
    reasoning: Decimal | None = None
    """None: counts as `output`."""
    input_audio: Decimal | None = None
    """None: not known."""
    output_audio: Decimal | None = None
    """None: not known."""
    input_image: Decimal | None = None
    """None: counts as `input`."""
    output_image: Decimal | None = None
    """None: counts as `output`."""
    request: Decimal | None = None
    """US dollars for each call, or each unit of one that the provider counts. None: calls as such cost nothing. Alone,
    without `input` and `output`: tokens cost nothing."""
    server_tool_request: Decimal | None = None
    """US dollars for each use of a tool that the provider runs, a web search say. None: not known."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            rate: Decimal | None = getattr(self, name)
            if rate is not None and not (rate.is_finite() and rate >= 0):
                raise ValueError(f"{name} is {rate}; a rate is a number of US dollars from 0 up")


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rates of a call whose input is longer than `above_input_tokens`; they hold for the whole of the call."""

    above_input_tokens: Tokens
    """The longest input that this tier does not hold for."""
    rates: Rates
    """What such a call costs."""


class Price(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a model costs, who says so, and when it was looked up."""

    rates: Rates
    """What a call costs that no tier speaks of."""
    tiers: tuple[Tier, ...] = ()
    """By context length, the shortest first."""
    service_tiers: dict[str, Rates] = {}
    """The rates of `batch`, `flex`, `priority`, by the name that the provider reports as the service tier."""
    source: str
    """Where it stands: the address of the provider's own page, or `settings`."""
    as_of: Day
    """The day on which it was looked up there."""


class ModelCard(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One model. None means not known; False means that it is known not to be so. In settings, a card of a model that
    the catalogue knows changes what it says, and leaves the rest as it is."""

    id: str
    """The provider's own name for the model."""
    operations: tuple[Operation, ...] = ()
    """What it does; empty: not known."""
    context_tokens: Tokens | None = None
    """Input and output together."""
    max_output_tokens: Tokens | None = None
    """The longest answer."""
    parameters_billions: Annotated[float, Meta(gt=0)] | None = None
    """All of them, where the maker says how many there are."""
    inputs: tuple[Modality, ...] | None = None
    """What a prompt may hold."""
    outputs: tuple[Modality, ...] | None = None
    """What an answer may hold."""
    tools: bool | None = None
    """It calls tools."""
    structured_output: bool | None = None
    """It holds itself to a JSON schema."""
    reasoning: bool | None = None
    """It thinks before it answers."""
    prompt_cache: bool | None = None
    """Beginnings of prompts can be kept from one call to the next."""
    prefill: bool | None = None
    """It goes on from the beginning of an answer that it is given."""
    tasks: tuple[str, ...] = ()
    """What it is good for, `code` say: words that routes by capability may ask for."""
    regions: tuple[str, ...] = ()
    """Where it can be had; empty: not known."""
    price: Price | None = None
    """What it costs."""
    retires: Day | None = None
    """The day from which the provider no longer serves it."""
