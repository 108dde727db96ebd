"""Token usage, with every class of token apart; what a provider did not say is None, never 0."""

from decimal import Decimal

from msgspec import Struct


class Usage(Struct, frozen=True, omit_defaults=True):
    """Tokens of one call. Totals count everything: `input_tokens` the cached ones too, `output_tokens` the
    reasoning too; the others are shares of these two. The unit is tokens unless a name says otherwise. Name the fields,
    unless it is made so often that their names cost more than all else.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    """As the provider reported it; some add classes of their own."""
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    """The share of `cache_write_tokens` kept for an hour."""
    reasoning_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    input_image_tokens: int | None = None
    output_image_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    tool_use_tokens: int | None = None
    """Prompt tokens that the provider's own tools added."""
    server_tool_requests: int | None = None
    """Uses of tools that the provider runs, web searches say."""
    billed_input_tokens: int | None = None
    """What the provider charges for, where it says so apart from what its model read; and so with output."""
    billed_output_tokens: int | None = None
    billed_requests: int | None = None
    """How many times the rate for a request is charged, where the provider counts that: search units of a reranking."""
    reported_cost: Decimal | None = None
    """US dollars, where the provider says what the call cost."""
    service_tier: str | None = None
    """What the call was served by, in the provider's word, in lower case: `flex`, `priority`, `batch`."""
    estimated: bool = False
    """Nobody reported these counts: they are what the text that was seen amounts to."""

    @property
    def known(self) -> bool:
        """True when both totals were reported."""
        return self.input_tokens is not None and self.output_tokens is not None
