"""Profiles as settings: named ways to call a model."""

from typing import Annotated

from msgspec import Meta, Struct

from lockgate.settings.routes import OwnRetry, OwnTimeouts, Stream
from lockgate_ports.caller import Priority


class Parameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile says where the caller does not. Absent: left to the caller and the provider."""

    temperature: float | None = None
    """How much is left to chance."""
    top_p: float | None = None
    """The share of likely tokens that are drawn from."""
    top_k: int | None = None
    """The number of likely tokens that are drawn from."""
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    """The most tokens that an answer may have."""
    stop: tuple[str, ...] | None = None
    """Words at which an answer ends."""
    seed: int | None = None
    """For answers that can be had again."""
    frequency_penalty: float | None = None
    """Against repeating words."""
    presence_penalty: float | None = None
    """Against staying with a subject."""
    verbosity: str | None = None
    """How long answers are, in the provider's words."""
    service_tier: str | None = None
    """The provider's name for how urgent it is."""


class PromptTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which prompt the callers of a profile use; recorded with each call, not filled in."""

    id: str
    """Its name where templates are kept."""
    version: str
    """Which of its versions."""


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named way to call: a caller asks for it as `profile:NAME`, by its name where no route has
    the same, or by the header `x-lockgate-profile`."""

    model: str
    """A route, or any other name of a model that can be asked for."""
    parameters: Parameters = Parameters()
    """What it says where the caller does not, as under [parameters](#parameters)."""
    timeout: Annotated[float, Meta(gt=0)] | None = None
    """The whole call may take so many seconds, where the caller does not give it fewer."""
    timeouts: OwnTimeouts | None = None
    """How long calls may take, in place of what route, model and provider say, as under
    [Own timeouts](#own-timeouts)."""
    retry: OwnRetry | None = None
    """How often calls are tried, likewise, as under [Own retry](#own-retry)."""
    stream: Stream | None = None
    """What becomes of a stream that fails, in place of all that the route says of it, as under [stream](#stream)."""
    priority: Priority | None = None
    """Who goes first where calls wait for a place: `high`, `normal` or `low`, as under [priority](#priority)."""
    prompt_template: PromptTemplate | None = None
    """Which prompt its callers use, `{id: support, version: "3"}` say."""
