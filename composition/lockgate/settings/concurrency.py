"""How many calls at a time, who waits, and who goes first, as settings."""

from typing import Annotated

from msgspec import Meta, Struct

from lockgate.settings.routes import Seconds
from lockgate_core.priority import RANKS
from lockgate_ports.caller import Priority as Level


class Adaptive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit that is found out: it grows while answers (for streams: first contents) come as quickly as usual, falls
    when they slow down, and by a fifth when the provider says that it has no room or does not answer in time."""

    start: Annotated[int, Meta(ge=1)] = 20
    """Where it begins."""
    min: Annotated[int, Meta(ge=1)] = 1
    """It never falls below this."""
    max: Annotated[int, Meta(ge=1)] = 1000
    """It never rises above this."""
    tolerance: Annotated[float, Meta(ge=1)] = 1.5
    """How many times as long as usual answers may take before it falls."""

    def __post_init__(self) -> None:
        if not self.min <= self.start <= self.max:
            raise ValueError("start must lie between min and max")


class Concurrency(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many calls a target (one model of one provider) gets at a time: `fixed` or `adaptive`."""

    fixed: Annotated[int, Meta(ge=1)] | None = None
    """So many."""
    adaptive: Adaptive | None = None
    """As many as it can do, as under [adaptive](#adaptive); `{}` for all its defaults."""
    max_queued: Annotated[int, Meta(ge=0)] = 0
    """How many calls may wait for a place, by [priority](#priority); more are told `busy` (429) or go to the next
    target."""
    queue_timeout: Seconds = 30.0
    """How long a call waits, in seconds."""

    def __post_init__(self) -> None:
        if (self.fixed is None) == (self.adaptive is None):
            raise ValueError("say one of fixed and adaptive")


class Priority(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who goes first where calls wait for a place: `high`, `normal` or `low`.

    A call has the priority that its client asks for by the header `x-lockgate-priority`, else that of its profile, else
    that of its virtual key, else `default`; never more than its key allows."""

    default: Level = "normal"
    """That of a call for which nobody says anything."""
    most: Level = "normal"
    """The highest that a caller may ask for whose key says nothing of it."""
    aging: Seconds = 10.0
    """Each step of priority counts like so many seconds of waiting. So a `low` call waits at most twice this longer for
    `high` ones than it would among its own."""

    def __post_init__(self) -> None:
        if RANKS[self.default] > RANKS[self.most]:
            raise ValueError("default is higher than most")
