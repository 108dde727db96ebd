"""A provider as the engine sees it."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from lockgate_core.breaker import Breakers
from lockgate_core.budget import RetryBudget
from lockgate_core.keys import KeyPool
from lockgate_core.loads import Loads
from lockgate_core.slots import ProviderSlots
from lockgate_ports.model import ModelPort
from lockgate_ports.secret import Secret


class Timeouts(Struct, frozen=True):
    """Seconds. Only content counts as progress: comments, pings and dripped bytes do not."""

    attempt: float
    """One try at a whole answer."""
    first_token: float
    """From sending until a stream's first content."""
    idle: float
    """Between pieces of a stream's content."""
    total: float
    """One call, all tries and all of its stream together."""
    connect: float = 5.0
    """Until a new connection stands, TLS included."""


class OwnTimeouts(Struct, frozen=True):
    """Some of the timeouts, in seconds; what is None is as it was."""

    attempt: float | None = None
    first_token: float | None = None
    idle: float | None = None
    total: float | None = None
    connect: float | None = None


class OwnRetry(Struct, frozen=True):
    """Some of a RetryPolicy; what is None is as it was."""

    max_attempts: int | None = None
    base_delay: float | None = None
    max_delay: float | None = None
    max_retry_after: float | None = None


def unwatched(told: object) -> None:
    """Nobody looks on."""


class Provider(Struct, frozen=True):
    """A ModelPort, how long it may take, and what bounds the calls to it."""

    provider_id: str
    port: ModelPort
    timeouts: Timeouts
    keys: KeyPool
    breakers: Breakers
    budget: RetryBudget
    slots: ProviderSlots | None = None
    """How many calls it gets at a time, and each of its models; None: any number."""
    loads: Loads = field(default_factory=Loads)
    """How many calls run there, and how quick it is."""
    enter: Callable[[str], Any] = unwatched
    """Told its id before it works on a call; what is returned goes to `leave`. Two functions, since a context manager
    would cost each call as much as to choose its key."""
    leave: Callable[[Any], None] = unwatched
    """Told when it has."""
    by_model: Mapping[str, Timeouts] = {}
    """How long those models may take that differ from the others."""
    retry: OwnRetry | None = None
    """How often it is tried, where it differs from what holds for all."""
    retry_by_model: Mapping[str, OwnRetry] = {}
    """The same for those models that differ from the others, whole."""

    told_of_traces: bool = False
    """It is sent `traceparent`."""

    async def secret(self) -> Secret | None:
        """The first key as it is now, None where it needs none. Raises SettingsError."""
        return await self.keys.first()
